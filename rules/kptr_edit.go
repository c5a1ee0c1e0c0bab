package rules

import (
	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/sourcetext"
	"github.com/bpfdiag/bpfdiag/verifierlog"
)

// exchange makes `field = name;` at the last step an exchange: what comes out of
// the map is released. The variable has nothing to hold any more then, so that it
// takes what comes out.
func (c *Case) exchange() []diag.Edit {
	e, ok := c.editor(c.Path.Insn(c.last))
	s := e.at.Stmt
	if !ok || s == nil || s.Kind != sourcetext.ExprStmt || len(s.Exprs) != 1 {
		return nil
	}
	store := s.Exprs[0]
	if store.Kind != sourcetext.Assign || store.Operator != "=" || store.Operands[1].Kind != sourcetext.Name {
		return nil
	}
	in := c.Path.Step(c.last)
	v, known := c.Path.Before(c.last, verifierlog.Reg(in.Frame, in.Src))
	if !known || v.RefID == 0 { // only a reference that the program holds can be exchanged
		return nil
	}
	field, name := e.file.Text(store.Operands[0].Span), e.file.Text(store.Operands[1].Span)
	return e.keep(s, name, "bpf_kptr_xchg(&"+field+", "+name+")", destructorOf(v))
}

// lostExchange is the statement `bpf_kptr_xchg(field, name);` whose result is lost,
// with the result taken and released.
func (c *Case) lostExchange(step int) []diag.Edit {
	e, ok := c.editor(c.Path.Insn(step))
	call := c.sourceCall(step)
	if !ok || !alone(e.at.Stmt, call.expression) || call.operand(2).node == nil || call.operand(2).node.Kind != sourcetext.Name {
		return nil
	}
	return e.keep(e.at.Stmt, call.arg(2), call.text(), c.destructor(step))
}

// keep replaces a statement by one that puts what a call returns into a
// variable, which nothing uses any more, and one that releases that unless it is NULL.
func (e *editor) keep(s *sourcetext.Stmt, name, call, destructor string) []diag.Edit {
	if destructor == "" || !hasWord(e.text, destructor) || s.Bare || name == "NULL" || hasWord(e.text[s.End:e.function.Body.End], name) {
		return nil
	}
	indent := "\n" + e.file.Indent(s.Start)
	return []diag.Edit{e.replace(s.Span, name+" = "+call+";"+indent+"if ("+name+")"+indent+e.level(s)+destructor+"("+name+");")}
}
