package rules

import (
	"strconv"
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/sourcetext"
	"github.com/bpfdiag/bpfdiag/verifierlog"
)

// callSite is a call of a helper or kfunc as the source has it.
type callSite struct {
	insn int
	name string // of the function called
	file *sourcetext.File
	call *sourcetext.Node // nil in a macro of another name
	stmt *sourcetext.Stmt
	at   sourcetext.Place
}

// site finds the call that a step executes. Its parts are nil when the source
// is not known or says something else.
func (c *Case) site(step int) callSite {
	insn := c.Path.Insn(step)
	s := callSite{insn: insn, name: string(c.Path.Step(step).Func)}
	if insn < 0 {
		return s
	}
	at, file, ok := c.source(insn)
	if c.Locate == nil {
		at, file, ok = c.sourceOfLog(insn, s.name)
	}
	if !ok {
		return s
	}
	s.file, s.stmt, s.at = file, at.Stmt, at
	if at.Expr == nil || at.Expr.Kind != sourcetext.Call || len(at.Expr.Operands) == 0 {
		return s
	}
	callee := file.Text(at.Expr.Operands[0].Span)
	// Macros of the same name hide arguments that nobody writes: bpf_obj_new is
	// bpf_obj_new_impl.
	if callee == s.name || callee == strings.TrimSuffix(s.name, "_impl") {
		s.call = at.Expr
	}
	return s
}

// sourceOfLog finds a call in the source line that the log has for it, if
// there is just one of the function.
func (c *Case) sourceOfLog(insn int, name string) (at sourcetext.Place, file *sourcetext.File, ok bool) {
	text := c.sourceText(insn)
	for _, name := range []string{name, sourceName(name)} {
		if name == "" || strings.Count(text, name+"(") != 1 {
			continue
		}
		// A line is no function; as the body of one it has statements.
		const head = "void f(void) { "
		file = sourcetext.Parse([]byte(head+text+" }"), false)
		at, ok = file.At(1, len(head)+strings.Index(text, name+"(")+1)
		// A call that goes on in the next line, which the log does not have, is
		// not one of these arguments.
		ok = ok && at.Span.End <= len(head)+len(text) && strings.HasSuffix(file.Text(at.Span), ")")
		return at, file, ok
	}
	return at, nil, false
}

// arg is the text of an argument, from 1 on; "" when it is not known.
func (s callSite) arg(n int) string {
	if s.call == nil || n < 1 || n >= len(s.call.Operands) {
		return ""
	}
	return strings.Join(strings.Fields(s.file.Text(s.call.Operands[n].Span)), " ")
}

// result is the variable or member that the call's value is put into, and the
// statement that does so; "" if there is none.
func (s callSite) result() string {
	if s.at.Expr == nil || s.stmt == nil {
		return ""
	}
	for _, e := range s.stmt.Exprs {
		if name := s.assigned(e, 0); name != "" {
			return name
		}
	}
	return ""
}

func (s callSite) assigned(e *sourcetext.Node, depth int) string {
	if e == nil || depth > 32 || !inside(s.at.Span, e.Span) {
		return ""
	}
	value, name := (*sourcetext.Node)(nil), ""
	switch {
	case e.Kind == sourcetext.Declarator && len(e.Operands) == 1:
		// The declarator's operand is its value; its name stands in front of "=".
		value = e.Operands[0]
		name, _, _ = strings.Cut(s.file.Text(e.Span), "=")
		name = strings.TrimSpace(strings.TrimLeft(name, "* \t"))
	case e.Kind == sourcetext.Assign && e.Operator == "=" && len(e.Operands) == 2:
		value, name = e.Operands[1], s.file.Text(e.Operands[0].Span)
	}
	for value != nil && (value.Kind == sourcetext.Group || value.Kind == sourcetext.Cast) && len(value.Operands) > 0 {
		value = value.Operands[len(value.Operands)-1]
	}
	if value != nil && value.Span == s.at.Expr.Span {
		return strings.Join(strings.Fields(name), " ")
	}
	for _, o := range e.Operands {
		if name := s.assigned(o, depth+1); name != "" {
			return name
		}
	}
	return ""
}

func inside(in, out sourcetext.Span) bool { return in.Start >= out.Start && in.End <= out.End }

// argument is the number of the argument that a message calls "R2", "arg#1",
// "arg #1" (both from 0) or "*(R11-8)", from 1 on, 0 if it is none.
func argument(field string) int {
	switch {
	case strings.HasPrefix(field, "arg#"), strings.HasPrefix(field, "arg #"):
		n, err := strconv.Atoi(field[strings.IndexByte(field, '#')+1:])
		if err != nil || n < 0 || n > 11 {
			return 0
		}
		return n + 1
	case strings.HasPrefix(field, "arg "):
		n, err := strconv.Atoi(field[4:])
		if err != nil || n < 1 || n > 5 {
			return 0
		}
		return n
	case strings.HasPrefix(field, "R"):
		n, err := strconv.Atoi(field[1:])
		if err != nil || n < 1 || n > 5 {
			return 0
		}
		return n
	case strings.HasPrefix(field, "*(R11-") && strings.HasSuffix(field, ")"):
		n, err := strconv.Atoi(field[6 : len(field)-1])
		if err != nil || n < 8 || n > 48 {
			return 0
		}
		return 5 + n/8
	}
	return 0
}

// argumentText names an argument of the call that the verifier stopped at, in
// the source's words; "" when nothing tells.
func (c *Case) argumentText(n int) string {
	if n < 1 {
		return ""
	}
	if text := c.site(c.last).arg(n); text != "" {
		return text
	}
	if n > 5 || c.last < 0 {
		return ""
	}
	if name := c.name(c.last, verifierlog.Reg(c.Path.Step(c.last).Frame, n)); !name.From && !name.Likely {
		return name.Expr
	}
	return ""
}

// argumentPhrase is argumentText as a part of a sentence: "`&it`", "argument 1".
func (c *Case) argumentPhrase(n int) string {
	if name := c.argumentText(n); name != "" {
		return quote(name)
	}
	if n > 0 {
		return "argument " + strconv.Itoa(n)
	}
	return "an argument"
}

// objectPhrase is the object behind an argument `&it`: "`it`". otherwise is what
// to say where nothing names it.
func (c *Case) objectPhrase(n int, otherwise string) string {
	name := c.site(c.last).arg(n)
	if name == "" {
		// What debug information calls a register is a pointer's name, not the
		// object's, unless it is an address.
		if name = c.argumentText(n); !strings.HasPrefix(name, "&") {
			return otherwise
		}
	}
	return quote(strings.TrimSpace(strings.TrimPrefix(name, "&")))
}

// markParameter moves the primary label to an argument of the call that the
// verifier stopped at, where the source shows it.
func (c *Case) markParameter(d *diag.Diagnostic, n int) {
	s := c.site(c.last)
	if c.Locate == nil || s.call == nil || n < 1 || n >= len(s.call.Operands) {
		return // a log has no columns
	}
	markSpan(d, s.file, s.call.Operands[n].Span)
}

// tellOrigin tells where the value of a place comes from.
func (c *Case) tellOrigin(d *diag.Diagnostic, l verifierlog.Loc) verifierlog.Link {
	link := c.made(c.last, l)
	text := c.made2text(link)
	switch {
	case link.Kind == verifierlog.LinkResult:
		text = "returned by " + quote(sourceName(string(c.Path.Step(link.Step).Func)))
	case link.Kind == verifierlog.LinkAddress:
		text = "" // what it is the address of is told where it is used
	case link.Kind == verifierlog.LinkLoad && len(link.From) > 0:
		if v, ok := c.Path.Before(link.Step, link.From[0]); ok && v.Base == verifierlog.Ctx {
			text = "comes from the context"
		}
	}
	if text != "" {
		c.tell(d, link.Step, link.Loc, text)
	}
	return link
}

// stopped is the name of the function that the verifier stopped at the call of,
// as the source writes it.
func (c *Case) stopped() string {
	s := c.Path.Step(c.last)
	return sourceName(string(s.Func))
}

// sourceName is how programs call a kfunc: bpf_experimental.h hides the suffix
// of those that take a type's number.
func sourceName(fn string) string { return strings.TrimSuffix(fn, "_impl") }
