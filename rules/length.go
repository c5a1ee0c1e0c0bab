package rules

import (
	"fmt"
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
	switch {
	case l.e.node != nil && !isName(l.name): // as the source has it, not `len + 8`
		return quote(l.e.text())
	case l.name != "":
		return quote(l.name)
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
	l := c.length(reg, fn, c.sourceCall(c.last).expression)
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
	case d.Code == "BPF0122" && l.known && l.value.Const:
		d.Message = fmt.Sprintf("a size of %d is more than %s takes", l.value.Number, l.function())
		d.Notes = append(d.Notes, "536870911 bytes are the most that a function is given") // BPF_MAX_VAR_SIZ
	case l.negative:
		d.Message = l.noun() + " may be negative" + where
		d.Notes = append(d.Notes, "as a size, a negative number is a very large one")
	case d.Code == "BPF0122" && l.known && bounded(l.value):
		d.Message = fmt.Sprintf("%s may be as large as %d%s", l.noun(), l.value.Bounds.Umax, where)
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
	lost, checked := c.tellChecks(d, c.last, l.loc, l.name, l.typ)
	says := ""
	if l.known {
		says = rangeOf(l.value)
	}
	text := "may be any number"
	if says != "" {
		text = says
	}
	if have > 0 {
		text += fmt.Sprintf(", and there is room for %d", have)
	}
	primary(d, text)
	if k := c.callTarget(l.fn); strings.HasSuffix(strings.Trim(k.parameter(l.loc.Reg), "`"), "__szk") { // is_kfunc_arg_const_mem_size
		d.Notes = append(d.Notes, "the size has to be a constant, too")
		d.Helps = append(d.Helps, diag.Help{Text: "pass a literal or `sizeof`", Applicability: diag.Placeholder})
		return
	}
	if l.zero && c.notZero(d, l) {
		return
	}
	if lost != nil && !l.zero {
		c.compilerLost(d, lost, c.last, l.loc, c.summand(l.name, l.e, c.last, l.loc), have+1)
		return
	}
	if !checked {
		c.tellEarlier(d, c.last, l.loc, l.name)
	}
	if !checked && isName(l.name) && l.known && !l.value.Const && len(c.Path.Checks(c.last, l.loc)) == 0 && !c.Path.Truncated {
		d.Notes = append(d.Notes, "on the path to this call nothing compares "+l.noun()+" with anything")
	}
	c.boundLength(d, l, have)
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
	e := c.sourceCall(c.last).operand(loc.Reg)
	markExpression(d, e)
	if n, ok := c.sizeField(); ok {
		primary(d, fmt.Sprintf("the parameter's type has %s", inBytes(n)))
	}
	if v, known := c.Path.Before(c.last, loc); known && v.Base == verifierlog.Scalar {
		primary(d, "a size of "+rangeOf(v))
		c.origin(d, c.last, loc, "")
	}
	d.Helps = append(d.Helps, diag.Help{Text: "use a smaller size: memory of a known size that is passed has to be smaller than 2 GiB", Applicability: diag.Placeholder})
}

// sizeField is the size in "R1 memory size 536870912 is too large".
func (c *Case) sizeField() (n int64, ok bool) {
	_, err := fmt.Sscanf(c.match.Text, "R%d memory size %d is", new(int), &n)
	return n, err == nil
}
