package rules

import (
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/sourcetext"
	"github.com/bpfdiag/bpfdiag/verifierlog"
)

// sourceCall is a call as the source has it.
type sourceCall struct {
	// The call; its operands are the callee and the arguments. Nothing where a
	// macro or another function stands at the place.
	expression
	at sourcetext.Place // what does stand there
}

// sourceCall finds the call that a step executes.
func (c *Case) sourceCall(step int) sourceCall {
	return c.sourceCallAt(c.Path.Insn(step), c.called(c.Path.Step(step)))
}

// sourceCallAt finds the call of a function that an instruction was made from.
func (c *Case) sourceCallAt(insn int, fn string) (s sourceCall) {
	at, file, ok := c.source(insn)
	loose := false
	switch {
	case c.Locate == nil:
		at, file, ok = c.lineOfLog(insn, fn)
		loose = true
	case ok && at.Stmt == nil:
		at, file, ok = c.lineOfObject(insn)
	}
	if !ok {
		return s
	}
	s.at = at
	s.expression = expression{file: file, insn: insn, loose: loose}
	var find func(n *sourcetext.Node, whole bool) *sourcetext.Node
	find = func(n *sourcetext.Node, whole bool) *sourcetext.Node {
		if n.Kind == sourcetext.Call && (whole || n.Start == at.Span.Start) && callsFunction(file.Text(n.Operands[0].Span), fn) {
			return n
		}
		for _, o := range n.Operands {
			if found := find(o, whole); found != nil {
				return found
			}
		}
		return nil
	}
	if at.Expr != nil {
		s.node = find(at.Expr, true)
	}
	if s.node == nil && at.Stmt != nil { // the position may be that of the callee, a part of the call
		for _, e := range at.Stmt.Exprs {
			if s.node = find(e, false); s.node != nil {
				break
			}
		}
	}
	return s
}

// callsFunction says whether a call of the source is one of a function, or of the
// macro around it that takes the same arguments: bpf_obj_new for bpf_obj_new_impl.
func callsFunction(text, name string) bool {
	return name != "" && (text == name || text == sourceName(name))
}

// sourceName is how programs call a kfunc: bpf_experimental.h hides the suffix
// of those that take a type's number.
func sourceName(fn string) string { return strings.TrimSuffix(fn, "_impl") }

// called is the name of the function that a step calls, "" when unknown.
func (c *Case) called(s verifierlog.Step) string {
	if len(s.Func) > 0 || s.Call != verifierlog.CallSubprog {
		return string(s.Func)
	}
	if fn, _, ok := c.function(s.Target); ok {
		return fn.Name
	}
	return ""
}

// stopped is the name of the function that the verifier stopped at the call of,
// as the source writes it.
func (c *Case) stopped() string {
	s := c.Path.Step(c.last)
	return sourceName(string(s.Func))
}

// lineOfObject reads the line that the object carries, where the file is not
// there, as one of a function.
func (c *Case) lineOfObject(insn int) (at sourcetext.Place, file *sourcetext.File, ok bool) {
	p, _ := c.place(insn)
	if _, whole := c.files[p.File]; whole || p.Line < 1 || p.Text == "" {
		return at, nil, false
	}
	file = asFunction(p.Line, p.Text, p.File)
	at, ok = file.At(p.Line, p.Column)
	return at, file, ok && at.Stmt != nil
}

// lineOfLog finds a call in the source line that the log has for it, if there
// is just one of the function: logs have no columns.
func (c *Case) lineOfLog(insn int, fn string) (at sourcetext.Place, file *sourcetext.File, ok bool) {
	text := c.sourceText(insn)
	for _, name := range []string{fn, sourceName(fn)} {
		if name == "" || strings.Count(text, name+"(") != 1 {
			continue
		}
		file = asFunction(2, text, "")
		at, ok = file.At(2, strings.Index(text, name+"(")+1)
		// A call that goes on in the next line, which the log does not have, is
		// not one of these arguments.
		ok = ok && strings.HasSuffix(file.Text(at.Span), ")")
		if line, _ := file.Position(at.Span.End); line != 2 {
			ok = false
		}
		return at, file, ok
	}
	return at, nil, false
}

// asFunction reads a line of a file as the body of a function: only those have
// statements.
func asFunction(line int, text, file string) *sourcetext.File {
	rust := isRust(file)
	head := "void f(void) {"
	if rust {
		head = "fn f() {"
	}
	return sourcetext.ParseFrom(line-1, []byte(head+"\n"+text+"\n}\n"), rust)
}

// arg is the text of an argument, from 1 on; "" when it is not known.
func (s sourceCall) arg(n int) string {
	if n < 1 {
		return ""
	}
	return s.operand(n).text()
}

// result is the variable or member that the call's value is put into; "" if
// there is none.
func (s sourceCall) result() string {
	if s.at.Expr == nil || s.at.Stmt == nil {
		return ""
	}
	for _, e := range s.at.Stmt.Exprs {
		if name := s.assigned(e, 0); name != "" {
			return name
		}
	}
	return ""
}

func (s sourceCall) assigned(e *sourcetext.Node, depth int) string {
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
	call := s.at.Expr.Span // perhaps that of a macro
	if s.node != nil {
		call = s.node.Span
	}
	if value != nil && value.Span == call {
		return strings.Join(strings.Fields(name), " ")
	}
	for _, o := range e.Operands {
		if name := s.assigned(o, depth+1); name != "" {
			return name
		}
	}
	return ""
}

// markArgument moves the primary label to an argument of the call that the
// verifier stopped at and returns its text; "" where the source does not show
// it, or it is a part of a macro's body.
func (c *Case) markArgument(d *diag.Diagnostic, n int) string {
	return c.markArgumentOf(d, c.sourceCall(c.last), n)
}

func (c *Case) markArgumentOf(d *diag.Diagnostic, s sourceCall, n int) string {
	if n < 1 || s.loose {
		return ""
	}
	arg := s.operand(n)
	markExpression(d, arg)
	return arg.text()
}

// markCall widens the primary label from the function's name to the whole call.
func (c *Case) markCall(d *diag.Diagnostic, name string) {
	s := c.sourceCallAt(c.Summary.Insn, name)
	if s.node == nil || s.loose {
		return
	}
	for i := range d.Labels {
		if l := &d.Labels[i]; l.Primary {
			l.EndLine, l.EndColumn = s.file.Position(s.node.End)
			return
		}
	}
}
