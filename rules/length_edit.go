package rules

import (
	"fmt"
	"math"
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/sourcetext"
	"github.com/bpfdiag/bpfdiag/verifierlog"
)

// notZero explains a comparison with 0 that the kernel takes nothing from:
// unsigned "not equal" raises the lower bound since Linux 6.8 only
// (reg_set_min_max).
func (c *Case) notZero(d *diag.Diagnostic, l *length) bool {
	for _, k := range c.Path.Checks(c.last, l.loc) {
		if k.HasImm && k.Imm == 0 && (k.Operator == "==" || k.Operator == "!=") && k.Taken == (k.Operator == "!=") && k.Relation <= verifierlog.RelCopy {
			if k.AfterKnown && k.After.Bounds.Umin > 0 {
				continue
			}
			d.Class = diag.ClassLimit
			c.tell(d, k.Step, k.Loc, c.linux()+" takes nothing from `!= 0`")
			d.Notes = append(d.Notes, "before Linux 6.8 the verifier learns a lower bound from `<` and `>` alone")
			h := diag.Help{Text: "keep the size in an `int`, and check it with `< 1`", Applicability: diag.Placeholder}
			d.Helps = append(d.Helps, h)
			return true
		}
	}
	return false
}

// boundLength adds the help that leaves the function when a size is not what
// the call can take.
func (c *Case) boundLength(d *diag.Diagnostic, l *length, have int64) {
	zero := l.zero
	insn := c.Path.Insn(c.last)
	if l.fixed() {
		d.Helps = append(d.Helps, diag.Help{Text: "pass the size of the memory", Applicability: diag.Placeholder})
		return
	}
	if strings.HasPrefix(l.fn, "bpf_dynptr_slice") && have > 0 {
		offer(d, "pass the size of the buffer: the verifier has to know the number itself", diag.Likely, c.rewriteAt(l.e, fmt.Sprint(have)))
		return
	}
	if have <= 0 && !zero {
		d.Helps = append(d.Helps, diag.Help{Text: "check the size against the room that there is, right before the call", Applicability: diag.Placeholder})
		return
	}
	if t, ok := c.term(l.e, c.last, l.loc); ok && !zero && l.known && have > 0 {
		if condition := t.outside(l.value, have); condition != "" {
			d.Helps = append(d.Helps, c.guard(insn, "check "+quote(t.name)+" before the call", condition))
			return
		}
	}
	name, setup := l.name, ""
	if !isName(name) {
		// What stands there would be read or computed a second time behind the check.
		if name = c.freeName(insn, "len", "size", "nbytes"); name == "" || l.e.node == nil {
			d.Helps = append(d.Helps, diag.Help{Text: "keep the size in a variable, and check it before the call", Applicability: diag.Placeholder})
			return
		}
		typ := "__u64"
		switch {
		case zero:
			typ = "int" // whose checks all kernels understand
		case l.typ != nil:
			typ = l.typ.Declare("")
		}
		setup = declare(typ, name, l.e.text())
	}
	over := have > 0 && (!l.known || l.value.Bounds.Umax > uint64(have))
	var condition string
	switch {
	case setup != "" && !zero && l.typ == nil: // it is unsigned
		condition = fmt.Sprintf("%s > %d", name, have)
	case zero && over:
		condition = fmt.Sprintf("%s < 1 || %s > %d", name, name, have)
	case zero:
		condition = name + " < 1"
	case l.known && l.value.Bounds.Smin < 0 && l.value.Bounds.Smax <= have && !l.unsigned():
		condition = name + " < 0"
	case l.unsigned() || l.known && l.value.Bounds.Smin >= 0 && l.typ == nil:
		condition = fmt.Sprintf("%s > %d", name, have)
	default:
		condition = fmt.Sprintf("%s < 0 || %s > %d", name, name, have)
	}
	if setup != "" {
		d.Helps = append(d.Helps, c.guardCopy(insn, "keep the size in a variable and check it", setup, condition, l.e, name))
		return
	}
	if zero && c.keepDifference(d, l, condition) {
		return
	}
	if h, ok := c.fromOne(l); zero && !over && ok {
		d.Helps = append(d.Helps, h)
		return
	}
	var first []string
	narrow := l.typ != nil && l.typ.ByteSize() == 4 && l.known && l.value.Bounds.Umax > math.MaxUint32
	if narrow || zero && len(c.Path.Checks(c.last, l.loc)) > 0 {
		// Else the compiler would check a copy of 32 bits, and pass this one, or make
		// one comparison of this check and an earlier one.
		first = []string{"barrier_var(" + name + ");"}
	}
	h := c.guard(insn, "check "+quote(name)+" before the call", condition, first...)
	if zero {
		h = atMost(h, diag.Likely) // what the verifier learns from it differs between kernels
	}
	if zero && l.unsigned() && c.Path.Step(c.last).Source.Line == 0 {
		h.Applicability = diag.Placeholder // Linux before 6.9 may take nothing from it, see notZero
	}
	d.Helps = append(d.Helps, h)
}

// keepDifference is the help for a size that is the difference of two numbers: of its
// check against 0 the compiler makes a comparison of the two, from which the
// verifier learns nothing about their difference.
func (c *Case) keepDifference(d *diag.Diagnostic, l *length, condition string) bool {
	k := c.madeInt(c.last, l.loc)
	insn := c.Path.Insn(c.last)
	at, file, ok := c.source(insn)
	if k.Kind != verifierlog.LinkArith || len(k.From) != 2 || c.Path.Step(k.Step).Operator != "-=" || !ok || at.Stmt == nil {
		return false
	}
	barrier := "barrier_var(" + l.name + ");"
	var check *sourcetext.Stmt
	eachStatement(file.Statements(at.Function), func(s *sourcetext.Stmt) {
		if s.Kind == sourcetext.IfStmt && s.Start < at.Stmt.Start && len(s.Exprs) == 1 && comparesWithZero(s.Exprs[0], l.name, file) {
			check = s
		}
	})
	if check == nil {
		h := c.guard(insn, "check "+quote(l.name)+" before the call, and keep the compiler from comparing what it is made of", condition, barrier)
		d.Helps = append(d.Helps, atMost(h, diag.Likely))
		return true
	}
	d.Class = diag.ClassCompiler
	note(d, "the compiler does not compare %s with 0, but the two numbers whose difference it is; from that the verifier learns nothing about %s", quote(l.name), quote(l.name))
	h := diag.Help{Text: "keep the compiler from looking behind " + quote(l.name), Applicability: diag.Placeholder}
	p, _ := c.place(insn)
	if e, ok := c.insertInFront(p.File, file, at.Function, check, barrier); ok {
		h.Edits, h.Applicability = []diag.Edit{e}, diag.Likely
	}
	d.Helps = append(d.Helps, h)
	return true
}

// comparesWithZero says whether a condition has a part that asks whether a number is 0.
func comparesWithZero(e *sourcetext.Node, name string, file *sourcetext.File) (found bool) {
	walk(e, func(n *sourcetext.Node) {
		text := func(i int) string { return file.Text(n.Operands[i].Span) }
		switch {
		case n.Kind == sourcetext.Unary && n.Operator == "!" && len(n.Operands) == 1:
			found = found || text(0) == name
		case n.Kind == sourcetext.Binary && len(n.Operands) == 2 && text(0) == name:
			found = found || n.Operator+text(1) == "==0" || n.Operator+text(1) == "<=0" || n.Operator+text(1) == "<1"
		}
	})
	return found
}

// fromOne is the edit of a check against 0 that is to leave 1 and more: a second
// check would be merged with it.
func (c *Case) fromOne(l *length) (h diag.Help, ok bool) {
	for _, k := range c.Path.Checks(c.last, l.loc) {
		insn := c.Path.Insn(k.Step)
		at, file, found := c.source(insn)
		if !found || at.Expr == nil {
			continue
		}
		var below expression
		walk(at.Expr, func(n *sourcetext.Node) {
			e := expression{node: n, file: file, insn: insn}
			if n.Kind == sourcetext.Binary && n.Operator == "<" && e.operand(0).text() == l.name && e.operand(1).text() == "0" {
				below = e
			}
		})
		if edit, can := c.rewrite(below, l.name+" < 1"); can {
			return diag.Help{Text: "let this check leave no 0", Applicability: diag.Likely, Edits: []diag.Edit{edit}}, true
		}
	}
	return h, false
}

// freeName is the first of some names that no variable in scope has.
func (c *Case) freeName(insn int, names ...string) string {
	in := c.debug()
	fn, i, ok := c.function(insn)
	if in == nil || !ok {
		return ""
	}
	used := map[string]bool{}
	for _, v := range in.Variables(fn, i) {
		used[v.Name] = true
	}
	for _, n := range names {
		if !used[n] {
			return n
		}
	}
	return ""
}
