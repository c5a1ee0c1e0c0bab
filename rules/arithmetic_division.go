package rules

import (
	"math"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/sourcetext"
	"github.com/bpfdiag/bpfdiag/verifierlog"
)

// divided explains an offset that is the result of a division or remainder of 32 bits. The
// verifier takes all 64 bits of it for unknown, though the upper half is 0, and a
// check of the lower half does not help (adjust_scalar_min_max_vals in
// kernel/bpf/verifier.c).
func (c *Case) divided(d *diag.Diagnostic, offset, pointer verifierlog.Loc) bool {
	x := index{step: c.last, loc: offset, scale: 1}
	c.unscale(&x)
	k := c.made(x.step, x.loc)
	s := c.Path.Step(k.Step)
	v, ok := c.Path.After(k.Step, k.Loc)
	if k.Kind != verifierlog.LinkArith || s.Wide || s.Operator != "%=" && s.Operator != "/=" || !ok || v.Bounds.Umax <= math.MaxUint32 {
		return false
	}
	n := c.name(x.step, x.loc)
	if n.Expr == "" || n.From || n.Likely || !isName(n.Expr) {
		return false
	}
	to := pointerKind(c.at(pointer))
	if name := c.exact(c.last, pointer, ""); name != "" {
		to = name
	}
	d.Class = diag.ClassLimit
	d.Message = quote(n.Expr) + " may be any number of 64 bits for the verifier where it is added to " + to
	if e := c.accessed(c.Path.Insn(c.last)).indexed(); e.node != nil && e.operand(1).text() == n.Expr {
		d.Message = quote(n.Expr) + " may be any number of 64 bits for the verifier, and indexes " + quote(e.operand(0).text())
		markExpression(d, e.operand(1))
		primary(d, "used as an index here")
	}
	what := map[string]string{"%=": "remainder", "/=": "division"}[s.Operator]
	c.tell(d, k.Step, k.Loc, "a "+what+" of 32 bits: behind it the verifier knows nothing")
	note(d, "the verifier does not know that the upper half of a %s of 32 bits is 0; a check of the lower half leaves the upper one unknown", what)
	var check *sourcetext.Stmt
	insn := c.Path.Insn(c.last)
	at, file, ok := c.source(insn)
	for _, b := range c.Path.Checks(c.last, offset) {
		e := c.comparison(&b, n.Expr)
		if e.node == nil || !b.HasImm {
			continue
		}
		c.tellAt(d, b.Step, b.Loc, e, "checks the lower half only")
		if on, f, found := c.source(e.insn); found && f == file && on.Stmt != nil && on.Stmt.Kind == sourcetext.IfStmt {
			check = on.Stmt
		}
	}
	h := diag.Help{Text: "give " + quote(n.Expr) + " 64 bits, and keep the compiler from checking fewer", Applicability: diag.Placeholder}
	edit, widened := c.withBytes(n.Expr, 8)
	if ok && widened && check != nil {
		p, _ := c.place(insn)
		if first, ok := c.insertInFront(p.File, file, at.Function, check, "barrier_var("+n.Expr+");"); ok {
			h.Edits, h.Applicability = []diag.Edit{edit, first}, diag.Likely
		}
	}
	d.Helps = append(d.Helps, h)
	return true
}
