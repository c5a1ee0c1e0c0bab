package rules

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/debuginfo"
	"github.com/bpfdiag/bpfdiag/internal/sourcetext"
	"github.com/bpfdiag/bpfdiag/verifierlog"
)

// packetCheck is a comparison of a pointer into the packet with the packet's end.
type packetCheck struct {
	step          int
	loc, end      verifierlog.Loc
	before, after verifierlog.Value // of the pointer
	// inside says that on this path the pointer is not behind the end.
	inside bool
}

// packetChecks are those on the path, in its order.
func (c *Case) packetChecks() (all []packetCheck) {
	for _, i := range c.Path.Branches(c.Path.Begin, c.last) {
		s := c.Path.Step(i)
		if s.Op != verifierlog.OpJump || s.HasImm || s.Dst < 0 || s.Src < 0 {
			continue
		}
		k := packetCheck{step: i, loc: verifierlog.Reg(s.Frame, s.Dst), end: verifierlog.Reg(s.Frame, s.Src)}
		op := s.Operator
		p, ok := c.aroundBranch(i, k.loc)
		e, eok := c.aroundBranch(i, k.end)
		if p.Base == verifierlog.PacketEnd {
			k.loc, k.end, p, e = k.end, k.loc, e, p
			op = map[string]string{">": "<", ">=": "<=", "<": ">", "<=": ">="}[op]
		}
		if !ok || !eok || p.Base != verifierlog.Packet || e.Base != verifierlog.PacketEnd {
			continue
		}
		taken, known := c.Path.Taken(i)
		if !known {
			continue
		}
		k.inside = taken && (op == "<" || op == "<=") || !taken && (op == ">" || op == ">=")
		k.before = p
		k.after, _ = c.Path.After(i, k.loc)
		all = append(all, k)
	}
	return all
}

// aroundBranch is the value of a register that a branch compares. Kernels before
// 5.18 print values behind branches only, and a branch leaves the kind of a pointer as it is.
func (c *Case) aroundBranch(step int, l verifierlog.Loc) (verifierlog.Value, bool) {
	if v, ok := c.Path.Before(step, l); ok {
		return v, true
	}
	return c.Path.After(step, l)
}

// says what a check proves, to an access with the same variable part in the
// address, or to none.
func (k *packetCheck) says(a *packetAccess) string {
	if a != nil && k.after.Range <= 0 && a.ptr.Range > 0 {
		// The kernel does not print what it learned of a pointer that is not used again.
		k.after.Range = a.ptr.Range
	}
	switch {
	case !k.inside:
		return "this path is the one on which the packet ends before"
	case k.tooFar():
		return "proves nothing: the address may be too far behind"
	case k.after.Range <= 0:
		return "proves nothing"
	case k.after.ID == 0:
		return fmt.Sprintf("proves the first %s of the packet", inBytes(k.after.Range))
	case a != nil && a.hasOff:
		if n := k.after.Range - (a.off - a.insn); n > 0 {
			return "proves " + inBytes(n) + " from this pointer on"
		}
		return "proves nothing from this pointer on"
	}
	return "proves bytes behind another offset"
}

// tooFar says that the verifier takes nothing from the check because of the
// offset that the pointer may have (MAX_PACKET_OFF).
func (k *packetCheck) tooFar() bool {
	far := k.before.Bounds.Umax
	return k.inside && k.before.ID != 0 && k.after.Range <= 0 && (far > 0xffff || int64(far)+k.before.Offset > 0xffff)
}

// endName is what the source calls the packet's end: `data_end`.
func (c *Case) endName(checks []packetCheck) string {
	frame := c.Path.Step(c.last).Frame
	for r := range 10 {
		l := verifierlog.Reg(frame, r)
		if v, ok := c.Path.Before(c.last, l); ok && v.Base == verifierlog.PacketEnd {
			if n := c.name(c.last, l); isName(n.Expr) && !n.From && !n.Likely {
				return n.Expr
			}
		}
	}
	for i := len(checks) - 1; i >= 0; i-- {
		if n := c.name(checks[i].step, checks[i].end); isName(n.Expr) && !n.From && !n.Likely {
			return n.Expr
		}
	}
	return "data_end"
}

// proveHelp is the check that proves what an access needs.
func (c *Case) proveHelp(d *diag.Diagnostic, a *packetAccess, checks []packetCheck) diag.Help {
	insn := c.Path.Insn(c.last)
	end := c.endInScope(insn, c.endName(checks))
	need := c.needed(a)
	if end == "" || need == "" {
		return diag.Help{Text: "compare the end of what is accessed with the packet's end, and leave if it is behind it", Applicability: diag.Placeholder}
	}
	condition := need + " > " + end
	h := c.guard(insn, "prove that the packet has these bytes", condition)
	if a.variable {
		h = atMost(h, diag.Likely) // the offset may be too large for the verifier
	}
	return h
}

// needed is the address behind what is accessed, in the source's words:
// `(void *)(tcp + 1)`; a whole structure where a member of one is accessed.
func (c *Case) needed(a *packetAccess) string {
	if a.e.node == nil {
		return ""
	}
	root := a.e
	for root.node != nil && (root.node.Kind == sourcetext.Member || root.node.Kind == sourcetext.Index || root.node.Kind == sourcetext.Group) {
		root = root.operand(0)
	}
	if root.node != nil && root.node.Kind == sourcetext.Name && root.node != a.e.node {
		if t := c.typeOf(root); t != nil {
			if p := t.Underlying(); p.Kind == debuginfo.Pointer && p.Pointee() != nil {
				if s := p.Pointee().Underlying(); s.Kind == debuginfo.Struct && a.inside(s.ByteSize()) {
					return "(void *)(" + root.text() + " + 1)"
				}
			}
		}
	}
	if n := c.elements(a.e); n > 0 {
		return fmt.Sprintf("(void *)(%s + %d)", a.e.operand(0).text(), n)
	}
	switch {
	case a.calls && a.size > 0 && a.e.simple():
		return fmt.Sprintf("(void *)%s + %d", a.e.text(), a.size)
	case a.calls:
		return ""
	case a.e.node.Kind == sourcetext.Unary && a.e.operand(0).simple():
		return "(void *)(" + a.e.operand(0).text() + " + 1)"
	case a.e.node.Kind == sourcetext.Index && a.e.operand(0).simple() && a.e.operand(1).node != nil && a.e.operand(1).node.Kind == sourcetext.Literal:
		return fmt.Sprintf("(void *)(%s + %d)", a.e.operand(0).text(), c.lastIndex(a.e)+1)
	case a.e.node.Kind == sourcetext.Index || a.e.node.Kind == sourcetext.Member:
		return "(void *)(&" + a.e.text() + " + 1)"
	}
	return ""
}

// elements is how many elements of a pointer the statement of an access uses, where it
// has constant indices: 4 for `p[0] == 1 && p[3] == 2`; 0 otherwise.
func (c *Case) elements(e expression) (n int64) {
	literal := func(node *sourcetext.Node) (int64, bool) {
		i := expression{node: node, file: e.file, insn: e.insn}.operand(1)
		if node.Kind != sourcetext.Index || i.node == nil || i.node.Kind != sourcetext.Literal || node.Operands[0].Kind != sourcetext.Name {
			return 0, false
		}
		v, err := strconv.ParseInt(i.text(), 0, 32)
		return v + 1, err == nil && v >= 0
	}
	if e.node == nil {
		return 0
	}
	if _, ok := literal(e.node); !ok || !c.isPointer(e.operand(0)) {
		return 0
	}
	base := e.operand(0).text()
	at, file, ok := c.source(e.insn)
	if !ok || at.Stmt == nil {
		return 0
	}
	for _, part := range at.Stmt.Exprs {
		walk(part, func(node *sourcetext.Node) {
			if v, ok := literal(node); ok && file.Text(node.Operands[0].Span) == base {
				n = max(n, v)
			}
		})
	}
	return n
}

// coverMore is the help that makes a check of the very pointer cover what is accessed.
func (c *Case) coverMore(d *diag.Diagnostic, a *packetAccess, k *packetCheck, e expression, end string) bool {
	need := c.needed(a)
	at, _, ok := c.source(e.insn)
	if e.node == nil || need == "" || !k.inside || !ok || at.Stmt == nil || at.Stmt.Kind != sourcetext.IfStmt || !at.InHead || e.node.Kind != sourcetext.Binary {
		return false
	}
	side := e.operand(0)
	if e.node.Operator == "<" || e.node.Operator == "<=" {
		side = e.operand(1)
	}
	pointer := side
	for pointer.node != nil && (pointer.node.Kind == sourcetext.Group || pointer.node.Kind == sourcetext.Cast) {
		pointer = pointer.operand(len(pointer.node.Operands) - 1)
	}
	if pointer.node != nil && pointer.node.Kind == sourcetext.Binary && pointer.node.Operator == "+" && pointer.operand(1).node.Kind == sourcetext.Literal {
		pointer = pointer.operand(0)
	}
	if pointer.node == nil || pointer.node.Kind != sourcetext.Name || !strings.HasPrefix(need, "(void *)("+pointer.text()+" + ") || mentions(side.text(), end) {
		return false
	}
	edit, ok := c.rewrite(side, need)
	if ok {
		d.Helps = append(d.Helps, diag.Help{Text: "let the check cover all that is accessed", Applicability: diag.Likely, Edits: []diag.Edit{edit}})
	}
	return ok
}

// inside says that the access is not behind a structure of a size, as far as
// its instruction tells.
func (a *packetAccess) inside(size int64) bool {
	return size > 0 && a.size <= size && !a.calls || a.calls && a.size <= size && size > 0
}

// endInScope is the expression for the packet's end at an instruction: the
// variable, or what the context has; "" when neither is there.
func (c *Case) endInScope(insn int, name string) string {
	if s := c.variableInScope(insn, name); s != "" {
		return s
	}
	return c.packetInScope(insn, "data_end")
}

// variableInScope is a variable as a pointer to void; "" if there is none of that name.
func (c *Case) variableInScope(insn int, name string) string {
	in := c.debug()
	fn, i, ok := c.function(insn)
	if in == nil || !ok {
		return ""
	}
	vars := in.Variables(fn, i)
	for _, v := range vars {
		if v.Name != name || v.Type == nil {
			continue
		}
		if p := v.Type.Underlying(); p.Kind == debuginfo.Pointer && p.Pointee() != nil && p.Pointee().Underlying().Kind != debuginfo.Void {
			return "(void *)" + name
		}
		return name
	}
	return ""
}

// packetInScope is a field of the context that is an address of the packet.
func (c *Case) packetInScope(insn int, field string) string {
	in := c.debug()
	fn, i, ok := c.function(insn)
	if in == nil || !ok {
		return ""
	}
	for _, v := range in.Variables(fn, i) {
		if !v.Param || v.Type == nil {
			continue
		}
		p := v.Type.Underlying().Pointee()
		if v.Type.Underlying().Kind != debuginfo.Pointer || p == nil {
			continue
		}
		switch p.Underlying().Name {
		case "xdp_md", "__sk_buff":
			return "(void *)(long)" + v.Name + "->" + field
		case "sk_msg_md", "sk_reuseport_md": // pointers there
			return v.Name + "->" + field
		}
	}
	return ""
}

// comparisonWithEnd is the comparison in the source that a check is: what stands
// at its place, if that speaks of the packet's end, else the only one in
// the function that is not another check's.
func (c *Case) comparisonWithEnd(k *packetCheck, checks []packetCheck, end string) (found expression) {
	insn := c.Path.Insn(k.step)
	at, file, ok := c.source(insn)
	if !ok {
		return expression{}
	}
	if at.Expr != nil && mentions(file.Text(at.Expr.Span), end) {
		return expression{node: at.Expr, file: file, insn: insn}.comparisonOf(end)
	}
	if e := (expression{node: at.Expr, file: file, insn: insn}); at.Expr != nil && at.Expr.Kind == sourcetext.Binary && strings.ContainsAny(at.Expr.Operator, "<>") && (c.isPointer(e.operand(0)) || c.isPointer(e.operand(1))) {
		return e
	}
	others := map[sourcetext.Span]bool{}
	for i := range checks {
		if o, f, ok := c.source(c.Path.Insn(checks[i].step)); ok && f == file && o.Expr != nil {
			others[o.Expr.Span] = true
		}
	}
	several := false
	c.comparisons(at.Function, file, func(n *sourcetext.Node) {
		if mentions(file.Text(n.Span), end) && !others[n.Span] {
			several = several || found.node != nil && found.node.Span != n.Span
			found = expression{node: n, file: file, insn: insn}
		}
	})
	if several {
		return expression{}
	}
	return found
}

// comparisonOf is the part of a condition that compares what a name stands for: of
// `a || b` the one of the two that does, all of it where both do.
func (e expression) comparisonOf(name string) expression {
	for e.node != nil && e.node.Kind == sourcetext.Binary && (e.node.Operator == "||" || e.node.Operator == "&&") {
		left, right := mentions(e.operand(0).text(), name), mentions(e.operand(1).text(), name)
		switch {
		case left == right:
			return e
		case left:
			e = e.operand(0)
		default:
			e = e.operand(1)
		}
	}
	return e
}

func (c *Case) isPointer(e expression) bool {
	t := c.typeOf(e)
	return t != nil && t.Underlying().Kind == debuginfo.Pointer
}

// lastIndex is the largest literal by which the function indexes what an expression
// does, from there on: one check is to prove them all.
func (c *Case) lastIndex(e expression) int64 {
	in, ok := c.editor(e.insn)
	largest, _ := strconv.ParseInt(e.operand(1).text(), 0, 32)
	if !ok {
		return largest
	}
	of := e.operand(0).text()
	in.statements(func(s *sourcetext.Stmt) {
		for _, n := range s.Exprs {
			walk(n, func(n *sourcetext.Node) {
				o := expression{node: n, file: e.file}
				if n.Kind != sourcetext.Index || n.Start < e.node.Start || o.operand(0).text() != of {
					return
				}
				if i, err := strconv.ParseInt(o.operand(1).text(), 0, 32); err == nil && i < 256 {
					largest = max(largest, i)
				}
			})
		}
	})
	return largest
}
