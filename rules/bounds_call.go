package rules

import (
	"fmt"
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/debuginfo"
	"github.com/bpfdiag/bpfdiag/verifierlog"
)

// callBounds is about a function that is given a pointer and would access more
// than what is there.
func (c *Case) callBounds(d *diag.Diagnostic, r *reach, o *region) {
	fn := r.function()
	have := o.size - (r.off - o.begin)
	of := fmt.Sprintf("of %s, which has %d", o.what, o.size)
	switch {
	case r.e.node != nil && r.off > o.begin:
		of = fmt.Sprintf("at %s, where %d are left", quote(r.e.text()), have)
	case r.off > o.begin:
		of = fmt.Sprintf("from byte %d on %s", r.off-o.begin, of)
	case r.e.node != nil && o.on == nil:
		of = fmt.Sprintf("of %s, which has %d", quote(r.e.text()), have)
	}
	if !r.hasOff || o.size <= 0 || r.size < 0 {
		d.Message = fmt.Sprintf("%s accesses memory outside of %s", fn, o.what)
		primary(d, "this call")
		return
	}
	c.tellObject(d, r, o)
	if r.off < o.begin {
		d.Message = fmt.Sprintf("%s is given memory in front of %s", fn, o.what)
		primary(d, fmt.Sprintf("begins %s in front of %s", inBytes(o.begin-r.off), o.what))
		return
	}
	length := verifierlog.Reg(r.loc.Frame, r.loc.Reg+1)
	v, ok := c.Path.Before(c.last, length)
	sized := ok && v.Base == verifierlog.Scalar && r.loc.Reg < 5 && !strings.HasPrefix(r.call, "bpf_map_") &&
		(v.Const && v.Number == r.size || v.Bounds.Umax == uint64(r.size))
	switch {
	case have <= 0:
		d.Message = fmt.Sprintf("%s is given memory behind the end of %s", fn, o.what)
	case sized && !(v.Const && c.length(length.Reg, r.call, r.calling).fixed()):
		d.Message = fmt.Sprintf("%s may access %s %s", fn, inBytes(r.size), of)
	default:
		d.Message = fmt.Sprintf("%s accesses %s %s", fn, inBytes(r.size), of)
	}
	if !sized {
		markExpression(d, r.e)
		primary(d, fmt.Sprintf("%s needed, %d there", inBytes(r.size), max(have, 0)))
		if !c.pointerSize(d, r) {
			d.Helps = append(d.Helps, diag.Help{Text: fmt.Sprintf("pass %s of memory", inBytes(r.size)), Applicability: diag.Placeholder})
		}
		return
	}
	l := c.length(length.Reg, r.call, r.calling)
	markExpression(d, l.e)
	if l.fixed() {
		primary(d, fmt.Sprintf("%s, and %d are there", inBytes(r.size), max(have, 0)))
		if c.pointerSize(d, r) {
			return
		}
		h := diag.Help{Text: "pass the size of the memory", Applicability: diag.Placeholder}
		if t := c.typeOf(r.e); t != nil && t.Underlying().Kind == debuginfo.Array && t.ByteSize() > 0 && t.ByteSize() <= have && r.e.simple() {
			h.Text = "pass the size of " + quote(r.e.text())
			if e, ok := c.rewrite(l.e, "sizeof("+r.e.text()+")"); ok {
				h.Edits, h.Applicability = []diag.Edit{e}, diag.Likely
			}
		} else if o.on != nil && r.off == o.begin {
			size := "sizeof(" + o.on.Name + ")"
			h.Text = "pass the variable's size"
			if e, ok := c.rewrite(l.e, size); ok && l.e.text() != size {
				h.Edits, h.Applicability = []diag.Edit{e}, diag.Likely
			}
		} else if strings.Contains(l.e.text(), "sizeof") {
			h.Text = fmt.Sprintf("pass %s of memory, or a smaller size", inBytes(r.size))
		} else if e, ok := c.rewrite(l.e, fmt.Sprint(have)); ok && have > 0 {
			h.Edits, h.Applicability = []diag.Edit{e}, diag.Likely
		}
		d.Helps = append(d.Helps, h)
		return
	}
	c.lengthStory(d, &l, have)
}

// twoNumbers is about a function that is given an address and a size which
// both depend on numbers. The verifier takes the greatest of both together.
func (c *Case) twoNumbers(d *diag.Diagnostic, r *reach, o *region, x *index) bool {
	length := verifierlog.Reg(r.loc.Frame, r.loc.Reg+1)
	v, ok := c.Path.Before(c.last, length)
	if !ok || v.Base != verifierlog.Scalar || v.Const || r.loc.Reg >= 5 || r.size < 0 || v.Bounds.Umax != uint64(r.size) || o.size <= 0 || r.off < o.begin {
		return false
	}
	off := r.off - o.begin
	d.Message = fmt.Sprintf("%s may access %s from byte %d on, of %s in %s", r.function(), inBytes(r.size), off, inBytes(o.size), o.what)
	c.tellIndex(d, x)
	l := c.length(length.Reg, r.call, r.calling)
	markExpression(d, l.e)
	primary(d, fmt.Sprintf("%s, when only %d are left", rangeOf(v), max(o.size-off, 0)))
	d.Notes = append(d.Notes, fmt.Sprintf("the verifier takes the greatest offset (%d) and the greatest size (%d) together, also where one makes the other smaller", off, r.size))
	h := diag.Help{Text: "give a size that is right for every offset", Applicability: diag.Placeholder}
	if left := o.size - off; left > 0 {
		if e, ok := c.rewrite(l.e, fmt.Sprint(left)); ok {
			h.Edits = []diag.Edit{e}
		}
	}
	d.Helps = append(d.Helps, h)
	return true
}

// pointerSize finds the size of a pointer where memory was asked for, and what it
// points to is meant: `bpf_ringbuf_reserve(&events, sizeof(e), 0)`.
func (c *Case) pointerSize(d *diag.Diagnostic, r *reach) bool {
	k := c.made(c.last, r.loc)
	if k.Kind != verifierlog.LinkResult {
		return false
	}
	call := c.sourceCall(k.Step)
	for i := 1; i <= 5; i++ {
		size := call.operand(i)
		name, ok := strings.CutPrefix(size.text(), "sizeof(")
		name, ok2 := strings.CutSuffix(name, ")")
		if !ok || !ok2 || !isName(name) {
			continue
		}
		in := c.debug()
		fn, at, found := c.function(c.Path.Insn(c.last))
		if in == nil || !found {
			return false
		}
		for _, v := range in.Variables(fn, at) {
			if v.Name != name || v.Type == nil || v.Type.Underlying().Kind != debuginfo.Pointer {
				continue
			}
			h := diag.Help{Text: quote(name) + " is a pointer: ask for the size of what it points to", Applicability: diag.Placeholder}
			if e, ok := c.rewrite(size, "sizeof(*"+name+")"); ok {
				h.Edits, h.Applicability = []diag.Edit{e}, diag.Likely
			}
			d.Helps = append(d.Helps, h)
			return true
		}
	}
	return false
}
