package rules

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/debuginfo"
	"github.com/bpfdiag/bpfdiag/internal/lazyregexp"
	"github.com/bpfdiag/bpfdiag/internal/sourcetext"
	"github.com/bpfdiag/bpfdiag/verifierlog"
)

// argumentEdit puts a text in the place of an argument of the call that the path
// ends with.
func (c *Case) argumentEdit(n int, text string) []diag.Edit {
	if text == "" {
		return nil
	}
	e, ok := c.rewrite(c.sourceCall(c.last).operand(n), text)
	if !ok {
		return nil
	}
	return []diag.Edit{e}
}

// bare is an expression without parentheses and casts around it.
func (e expression) bare() expression {
	for e.node != nil && (e.node.Kind == sourcetext.Group || e.node.Kind == sourcetext.Cast) && len(e.node.Operands) > 0 {
		e = e.operand(len(e.node.Operands) - 1)
	}
	return e
}

// address is what an expression takes the address of, nothing if it is none.
func (e expression) address() expression {
	if e = e.bare(); e.node == nil || e.node.Kind != sourcetext.Unary || e.node.Operator != "&" {
		return expression{}
	}
	return e.operand(0)
}

// arrow says that a member is one of what a pointer points to.
func (e expression) arrow() bool {
	if e.node == nil || e.node.Kind != sourcetext.Member || len(e.node.Operands) != 1 {
		return false
	}
	return strings.HasPrefix(strings.TrimSpace(e.file.Text(sourcetext.Span{Start: e.node.Operands[0].End, End: e.node.End})), "->")
}

// unmoved is an address without what was added to it: `&p` of `(void *)&p + 8`,
// `e` of `&e->port`. It is "" for what is more than a name.
func (e expression) unmoved() string {
	for e = e.bare(); e.node != nil && e.node.Kind == sourcetext.Binary && (e.node.Operator == "+" || e.node.Operator == "-"); e = e.bare() {
		e = e.operand(0)
	}
	in, pointer := e.address(), false
	if in.node == nil {
		in, pointer = e, true
	}
	for in.node != nil && in.node.Kind == sourcetext.Member {
		pointer = in.arrow()
		in = in.operand(0)
	}
	switch {
	case in.node == nil || in.node.Kind != sourcetext.Name:
		return ""
	case pointer:
		return in.text()
	}
	return "&" + in.text()
}

// unmovedEdit passes an address without what was added to it.
func (c *Case) unmovedEdit(n int) []diag.Edit {
	arg := c.sourceCall(c.last).operand(n)
	text := arg.unmoved()
	if text == arg.text() {
		return nil
	}
	return c.argumentEdit(n, text)
}

// copyEdit copies memory that a function does not take to a local variable, and
// passes that. how is the statement that copies, with %s for the variable, the
// type is that of what argument n points to, or size bytes.
func (c *Case) copyEdit(n int, size int64, how string) []diag.Edit {
	insn := c.Path.Insn(c.last)
	arg := c.sourceCall(c.last).operand(n)
	if arg.node == nil || !arg.bare().simple() {
		return nil
	}
	name := c.freeName(insn, "copy", "bytes", "local")
	if name == "" {
		return nil
	}
	declaration, address := "", "&"+name
	if t := c.typeOf(arg.bare()); t != nil && t.Pointee() != nil {
		if to := t.Pointee(); to.Underlying().Kind == debuginfo.Struct && to.ByteSize() == size && to.Underlying().Name != "" {
			declaration = to.Declare(name) + ";"
		}
	}
	if declaration == "" {
		if size <= 0 || size > 256 {
			return nil
		}
		declaration, address = fmt.Sprintf("char %s[%s];", name, c.spelledSize(n, size)), name
	}
	how = strings.ReplaceAll(how, "%s", name)
	how = strings.ReplaceAll(how, "%p", address)
	how = strings.ReplaceAll(how, "%a", arg.bare().text())
	e, ok := c.insertBefore(insn, declaration, how)
	use := c.argumentEdit(n, address)
	if !ok || use == nil {
		return nil
	}
	return append([]diag.Edit{e}, use...)
}

// copyBack lets a function write to a local variable, which is copied to what argument n
// points to behind the call.
func (c *Case) copyBack(n int) []diag.Edit {
	call := c.sourceCall(c.last)
	arg, size := call.operand(n).bare(), c.sizeOfArgument(n)
	e, ok := c.editor(c.Path.Insn(c.last))
	name := c.freeName(c.Path.Insn(c.last), "copy", "bytes", "local")
	if !ok || arg.node == nil || !arg.simple() || size <= 0 || size > 256 || name == "" || !alone(e.at.Stmt, call.expression) {
		return nil
	}
	before := e.before(e.at.Stmt, fmt.Sprintf("char %s[%s];", name, c.spelledSize(n, size)))
	use := c.argumentEdit(n, name)
	behind := e.behind(e.at.Stmt, fmt.Sprintf("__builtin_memcpy(%s, %s, sizeof(%s));", arg.text(), name, name))
	if before == nil || use == nil || behind == nil {
		return nil
	}
	return append(append(before, use...), behind...)
}

var macro = lazyregexp.New(`^[A-Z][A-Z0-9_]*$`)

// spelledSize is the size of argument n as the call has it, if that is a macro.
func (c *Case) spelledSize(n int, size int64) string {
	if text := c.sourceCall(c.last).operand(n + 1).text(); macro.MatchString(text) && size == c.sizeOfArgument(n) {
		return text
	}
	return fmt.Sprint(size)
}

// sizeOfArgument is the size in bytes that a call is given for the memory of
// argument n, which the next argument is.
func (c *Case) sizeOfArgument(n int) int64 {
	l, ok := c.argumentPlace(n + 1)
	if !ok {
		return 0
	}
	v, known := c.Path.Before(c.last, l)
	if !known || v.Base != verifierlog.Scalar || !v.Const {
		return 0
	}
	return int64(v.Number)
}

// everywhere replaces an argument in all calls of functions of the source's
// function that are given it.
func (c *Case) everywhere(match func(fn string) bool, old, text string) (edits []diag.Edit) {
	e, ok := c.editor(c.Path.Insn(c.last))
	if !ok || old == "" || text == "" {
		return nil
	}
	e.calls(match, func(_ *sourcetext.Stmt, call expression) {
		for i := range call.node.Operands[1:] {
			if a := call.operand(i + 1); a.text() == old {
				edits = append(edits, e.replace(a.node.Span, text))
			}
		}
	})
	return edits
}

// otherVariable passes the address of a new variable of a type, which is declared in
// front of the call's statement.
func (c *Case) otherVariable(n int, typ string) []diag.Edit {
	insn := c.Path.Insn(c.last)
	name := c.freeName(insn, "other", "copy", "local")
	if n < 1 || name == "" {
		return nil
	}
	e, ok := c.insertBefore(insn, typ+" "+name+";")
	use := c.argumentEdit(n, "&"+name)
	if !ok || use == nil {
		return nil
	}
	return append([]diag.Edit{e}, use...)
}

// callBefore calls a kfunc with argument n of the last step's call in front of it,
// and declares it if need be.
func (c *Case) callBefore(kfunc string, n int) []diag.Edit {
	insn := c.Path.Insn(c.last)
	call := c.sourceCall(c.last)
	e, ok := c.editor(insn)
	arg := call.arg(n)
	if !ok || arg == "" {
		return nil
	}
	edit, ok := c.insertBefore(insn, kfunc+"("+arg+");")
	declared, found := e.declareKfunc(kfunc)
	if !ok || !found {
		return nil
	}
	return append(declared, edit)
}

// declareLocal advises to keep something that has to be on the stack in a local
// variable: of a global one's name, so that all calls use it.
func (c *Case) declareLocal(d *diag.Diagnostic, n int, typ string) {
	text := "declare a local variable `" + typ + " it`, and pass `&it`"
	in := c.sourceCall(c.last).operand(n).address()
	e, ok := c.editor(c.Path.Insn(c.last))
	if !ok || in.node == nil || in.node.Kind != sourcetext.Name || len(e.file.Statements(e.function)) == 0 {
		suggest(d, text)
		return
	}
	first := e.file.Statements(e.function)[0]
	indent := e.file.Indent(first.Start)
	name := in.text()
	offer(d, "declare "+quote(name)+" as a local variable", diag.Likely, []diag.Edit{e.insert(first.Start, typ+" "+name+";\n"+indent)})
}

// staticVariable makes a local variable, whose address argument n is, a static one.
func (c *Case) staticVariable(n int) (edits []diag.Edit) {
	arg := c.sourceCall(c.last).operand(n).bare()
	if in := arg.address(); in.node != nil {
		arg = in
	}
	e, ok := c.editor(c.Path.Insn(c.last))
	if !ok || arg.node == nil || arg.node.Kind != sourcetext.Name {
		return nil
	}
	e.statements(func(s *sourcetext.Stmt) {
		text := e.text[s.Start:s.End]
		if s.Kind == sourcetext.DeclStmt && len(s.Exprs) <= 1 && !strings.Contains(text, ",") && hasWord(text, arg.text()) && !hasWord(text, "static") && declares(text, arg.text()) {
			edits = []diag.Edit{e.insert(s.Start, "static ")}
		}
	})
	return edits
}

// declares says whether the text of a declaration of one variable is that of a name.
func declares(text, name string) bool {
	head, _, _ := strings.Cut(text, "=")
	head, _, _ = strings.Cut(head, "[")
	return strings.HasSuffix(strings.TrimRight(head, "; \t"), name)
}

// constEdit makes the string constant that argument n is: an array of the file
// or of the function, with a value.
func (c *Case) constEdit(n int) []diag.Edit {
	arg := c.sourceCall(c.last).operand(n).bare()
	e, ok := c.editor(c.Path.Insn(c.last))
	if !ok || arg.node == nil || arg.node.Kind != sourcetext.Name {
		return nil
	}
	defined := regexp.MustCompile(`(?m)^([ \t]*)((?:static\s+)?)(volatile\s+)?char\s+` + regexp.QuoteMeta(arg.text()) + `\s*\[\w*\]\s*=`)
	all := defined.FindAllStringSubmatchIndex(e.text, -1)
	if len(all) != 1 {
		return nil
	}
	m := all[0]
	text := "const "
	if m[2] != m[3] && m[4] == m[5] { // in a function
		text = "static const "
	}
	end := m[5]
	if m[6] >= 0 {
		end = m[7]
	}
	return []diag.Edit{e.replace(sourcetext.Span{Start: m[5], End: end}, text)}
}
