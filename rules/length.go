package rules

import (
	"fmt"
	"math"
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/debuginfo"
	"github.com/bpfdiag/bpfdiag/internal/sourcetext"
	"github.com/bpfdiag/bpfdiag/verifierlog"
)

var (
	_ = rule("BPF0122", lengthArgument)
	_ = rule("BPF0123", lengthArgument)
	_ = rule("BPF0124", lengthArgument)
	_ = rule("BPF0125", lengthTooLarge)
)

// length is a number that a function is given as the size of memory.
type length struct {
	loc   verifierlog.Loc
	value verifierlog.Value
	known bool
	fn    string     // the function
	e     expression // the argument
	name  string     // what the source calls it: a variable or e's text; "" when unknown
	typ   *debuginfo.Type
	// negative: its lower half alone is passed, so that what value has below 0
	// is a very large size.
	negative bool
	zero     bool // it may be 0, which the function does not take
}

// fixed says that the source gives the number itself: `32`, `sizeof(x)`.
func (l length) fixed() bool {
	return l.known && l.value.Const && (l.e.node == nil && l.name == "" || l.e.node != nil && (l.e.node.Kind == sourcetext.Literal || strings.Contains(l.e.text(), "sizeof")))
}

// length is the size that the last step's call is given in a register.
func (c *Case) length(reg int, fn string, calling expression) (l length) {
	l.loc = verifierlog.Reg(c.Path.Step(c.last).Frame, reg)
	l.value, l.known = c.Path.Before(c.last, l.loc)
	l.fn, l.e = fn, calling.operand(reg)
	if l.e.simple() {
		l.name, l.typ = l.e.text(), c.typeOf(l.e)
	}
	if k := c.Path.Origin(c.last, l.loc); k.Kind == verifierlog.LinkMove32 && len(k.From) == 1 {
		if v, ok := c.Path.Before(k.Step, k.From[0]); ok && v.Base == verifierlog.Scalar && v.Bounds.Smin32 < 0 && l.value.Bounds.Smin >= 0 && int64(v.Bounds.Smax32) == v.Bounds.Smax {
			l.negative, l.value = true, v
		}
	}
	if n := c.name(c.last, l.loc); n.Expr != "" && !n.From && !n.Likely && (l.name == "" || n.Expr == l.name) {
		l.name, l.typ = n.Expr, n.Type
	}
	return l
}

func (l *length) noun() string {
	if l.name != "" {
		return quote(l.name)
	}
	if l.e.node != nil {
		return quote(l.e.text())
	}
	return "the size"
}

func (l *length) function() string {
	if l.fn == "" {
		return "the function"
	}
	return quote(l.fn)
}

func (l *length) unsigned() bool { return l.typ != nil && !l.typ.Underlying().Signed }

// lengthArgument: a number that is the size of an argument may be negative,
// too large or 0 (check_mem_size_reg and check_helper_mem_access in
// kernel/bpf/verifier.c).
func lengthArgument(c *Case, d *diag.Diagnostic) {
	fallback := map[string]string{
		"BPF0122": "a size has no upper bound",
		"BPF0123": "a size may be negative",
		"BPF0124": "a size may be 0",
	}
	d.Message = fallback[d.Code]
	primary(d, "this call")
	reg := 0
	if len(c.match.Fields) > 0 {
		loc, _ := c.fault(c.match.Fields[0])
		reg = loc.Reg
	} else if c.last >= 0 {
		reg = c.zeroSize()
	}
	if reg < 1 || reg > 5 {
		return
	}
	c.lengthAt(d, reg, d.Code == "BPF0124")
}

// zeroSize is the register with the size that "invalid zero-sized read" is about, which names
// none: the one behind an address of the stack that may be 0; 0 if
// there is not exactly one.
func (c *Case) zeroSize() (reg int) {
	frame := c.Path.Step(c.last).Frame
	for r := 1; r < 5; r++ {
		p, ok := c.Path.Before(c.last, verifierlog.Reg(frame, r))
		n, known := c.Path.Before(c.last, verifierlog.Reg(frame, r+1))
		if ok && known && p.Base == verifierlog.FramePtr && n.Base == verifierlog.Scalar && n.Bounds.Umin == 0 {
			if reg > 0 {
				return 0
			}
			reg = r + 1
		}
	}
	return reg
}

// lengthAt explains the size in a register; zero says that it may not be 0.
func (c *Case) lengthAt(d *diag.Diagnostic, reg int, zero bool) {
	s := c.Path.Step(c.last)
	loc := verifierlog.Reg(s.Frame, reg)
	fn := c.called(s)
	l := c.length(reg, fn, c.sourceCall(s.Insn.Index, fn))
	l.zero = zero
	where := fmt.Sprintf(" where %s takes it as a size", l.function())
	switch {
	case zero:
		d.Message = fmt.Sprintf("%s may be 0, and %s does not take 0", l.noun(), l.function())
		if l.known && l.value.Const {
			d.Message = fmt.Sprintf("%s is given a size of 0", l.function())
		}
	case l.known && l.value.Const && l.value.Number < 0:
		d.Message = l.noun() + " is negative" + where
	case l.negative:
		d.Message = l.noun() + " may be negative" + where
		d.Notes = append(d.Notes, "as a size, a negative number is a very large one")
	case d.Code == "BPF0122":
		d.Message = l.noun() + " has no upper bound" + where
	case l.unsigned() && l.known && l.value.Bounds.Umax >= 1<<63:
		d.Message = l.noun() + " has no upper bound" + where
		d.Notes = append(d.Notes, "the verifier takes sizes for signed numbers: one without an upper bound may be negative")
	default:
		d.Message = l.noun() + " may be negative" + where
	}
	markExpression(d, l.e)
	buf, have := c.memory(verifierlog.Reg(loc.Frame, loc.Reg-1), l.fn)
	c.tellMemory(d, buf)
	c.lengthStory(d, &l, have)
}

// memory is what a register points to, and how many bytes from there on; 0
// when that depends on a number, or nobody knows.
func (c *Case) memory(l verifierlog.Loc, fn string) (buf memory, have int64) {
	buf.r = reach{loc: l, calls: true, call: fn, size: -1, total: -1}
	buf.r.ptr, buf.r.known = c.Path.Before(c.last, l)
	if l.Reg < 1 || !buf.r.known {
		return buf, 0
	}
	x := c.index(c.last, l, 0, expression{})
	buf.o = c.object(&buf.r, &x)
	if x.found || buf.o.size == 0 {
		return buf, 0
	}
	off := buf.r.ptr.Offset
	if buf.r.ptr.Const {
		off += buf.r.ptr.Number
	}
	return buf, max(buf.o.size-(off-buf.o.begin), 0)
}

// memory is an argument that is a pointer, and what it points into.
type memory struct {
	r reach
	o region
}

func (c *Case) tellMemory(d *diag.Diagnostic, m memory) {
	if m.r.known && m.o.size > 0 {
		c.tellObject(d, &m.r, &m.o)
	}
}

// lengthStory says where a size comes from, what was checked, what it is, and
// how to bound it by the bytes that are there (0: unknown).
func (c *Case) lengthStory(d *diag.Diagnostic, l *length, have int64) {
	c.tellNumber(d, c.last, l.loc)
	lost, checked := c.tellChecks(d, c.last, l.loc, l.name, l.typ, have+1)
	says := ""
	if l.known {
		says = rangeOf(l.value, l.typ)
	}
	text := "may be any number"
	if says != "" {
		text = says
	}
	if have > 0 {
		text += fmt.Sprintf(", and there is room for %d", have)
	}
	primary(d, text)
	if l.zero && c.notZero(d, l) {
		return
	}
	if lost != nil && !l.zero {
		c.compilerLost(d, lost, c.last, l.loc, l.name, have+1)
		return
	}
	if !checked && isName(l.name) && l.known && !l.value.Const && len(c.Path.Checks(c.last, l.loc)) == 0 && !c.Path.Truncated {
		d.Notes = append(d.Notes, "on the path to this call nothing compares "+l.noun()+" with anything")
	}
	c.boundLength(d, l, have)
}

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
			c.tell(d, k.Step, k.Loc, "this kernel takes nothing from `!= 0`")
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
	if have <= 0 && !zero {
		d.Helps = append(d.Helps, diag.Help{Text: "check the size against the room that there is, right before the call", Applicability: diag.Placeholder})
		return
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
	if h, ok := c.fromOne(l); zero && !over && ok {
		d.Helps = append(d.Helps, h)
		return
	}
	var first []string
	if l.typ != nil && l.typ.ByteSize() == 4 && l.known && (l.value.Bounds.Umax > math.MaxUint32) {
		// Else the compiler would check a copy of 32 bits, and pass this one.
		first = []string{"barrier_var(" + name + ");"}
	}
	h := c.guard(insn, "check "+quote(name)+" before the call", condition, first...)
	if zero && l.unsigned() && c.Path.Step(c.last).Source.Line == 0 {
		h.Applicability = diag.Placeholder // Linux before 6.9 may take nothing from it, see notZero
	}
	d.Helps = append(d.Helps, h)
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
			e := expression{n, file, insn}
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

// lengthTooLarge: a size is more than what the verifier takes for any memory
// (check_mem_reg, check_kfunc_mem_size_reg, kfuncs that return memory).
func lengthTooLarge(c *Case, d *diag.Diagnostic) {
	d.Message = "this is more memory than the verifier takes"
	primary(d, "this call")
	if n, ok := c.sizeField(); ok {
		d.Message = fmt.Sprintf("%d bytes are more memory than the verifier takes", n)
	}
	if len(c.match.Fields) == 0 {
		return
	}
	loc, ok := c.fault(c.match.Fields[0])
	if !ok || loc.Reg < 1 {
		return
	}
	s := c.Path.Step(c.last)
	e := c.sourceCall(s.Insn.Index, c.called(s)).operand(loc.Reg)
	markExpression(d, e)
	if n, ok := c.sizeField(); ok {
		primary(d, fmt.Sprintf("the parameter's type has %s", inBytes(n)))
	}
	if v, known := c.Path.Before(c.last, loc); known && v.Base == verifierlog.Scalar {
		primary(d, "a size of "+rangeOf(v, nil))
		c.origin(d, c.last, loc, "")
	}
	d.Helps = append(d.Helps, diag.Help{Text: "use a smaller size: memory of a known size that is passed has to be smaller than 2 GiB", Applicability: diag.Placeholder})
}

// sizeField is the size in "R1 memory size 536870912 is too large".
func (c *Case) sizeField() (n int64, ok bool) {
	_, err := fmt.Sscanf(c.match.Text, "R%d memory size %d is", new(int), &n)
	return n, err == nil
}
