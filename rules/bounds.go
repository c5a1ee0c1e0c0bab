package rules

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/lazyregexp"
	"github.com/bpfdiag/bpfdiag/verifierlog"
)

var (
	_ = rule("BPF0110", outOfBounds)
	_ = rule("BPF0111", outOfBounds)
	_ = rule("BPF0113", outOfBounds)
	_ = rule("BPF0114", outOfBounds)
	_ = rule("BPF0115", outOfBounds)
	_ = rule("BPF0116", outOfBounds)
	_ = rule("BPF0120", outOfBounds)
	_ = rule("BPF0121", outOfBounds)
)

// reach is an access that the verifier refused.
type reach struct {
	loc   verifierlog.Loc // holds the pointer, in front of the last step
	ptr   verifierlog.Value
	known bool // ptr is
	// insn is added to the pointer by a load or store itself.
	insn int64
	// calls says that the pointer is given to a function, call which; "" when unknown.
	calls bool
	call  string
	// off and size are the bytes that the complaint is about, counted from the
	// object's begin; total is the object's size. -1 where it does not say.
	off, size, total int64
	hasOff           bool
	e                expression // the access, or the argument that is the pointer
	calling          expression // the call
}

// function names the function in a sentence.
func (r *reach) function() string {
	if r.call == "" {
		return "the function"
	}
	return quote(r.call)
}

var complainedRegister = lazyregexp.New(`\bR(\d+)\b`)

// attribute is a number of the complaint: "off=-8".
func (c *Case) attribute(name string) (int64, bool) {
	_, rest, ok := strings.Cut(" "+c.match.Text, " "+name+"=")
	if !ok {
		return 0, false
	}
	end := strings.IndexFunc(rest, func(r rune) bool { return r != '-' && (r < '0' || r > '9') })
	if end >= 0 {
		rest = rest[:end]
	}
	n, err := strconv.ParseInt(rest, 10, 64)
	return n, err == nil
}

// reach reads from the complaint and the last step what was accessed. ok is
// false where the log does not tell by which register.
func (c *Case) reach() (r reach, ok bool) {
	r.off, r.hasOff = c.attribute("off")
	r.size, r.total = -1, -1
	if n, ok := c.attribute("size"); ok {
		r.size = n
	}
	for _, name := range []string{"value_size", "key_size", "mem_size"} {
		if n, ok := c.attribute(name); ok {
			r.total = n
		}
	}
	if c.last < 0 {
		return r, false
	}
	s := c.Path.Step(c.last)
	reg := -1
	switch s.Op {
	case verifierlog.OpLoad, verifierlog.OpStore, verifierlog.OpAtomic:
		reg, r.insn = s.Mem.Base, int64(s.Mem.Offset)
		if r.size < 0 {
			r.size = int64(s.Mem.Size)
		}
		r.e = c.accessed(s.Insn.Index)
	default:
		r.call, r.calls = c.called(s), true
		if m := complainedRegister.FindStringSubmatch(c.Summary.Message); m != nil {
			reg, _ = strconv.Atoi(m[1])
		}
		r.calling = c.sourceCall(c.last).expression
		if reg > 0 {
			r.e = r.calling.operand(reg)
		}
	}
	if reg < 0 || reg > 10 {
		return r, false
	}
	r.loc = verifierlog.Reg(s.Frame, reg)
	if r.ptr, r.known = c.Path.Before(c.last, r.loc); !r.known {
		r.ptr, r.known = c.complainedPacket(reg)
	}
	return r, true
}

var packetState = lazyregexp.New(`\bR(\d+)\(id=(\d+),off=(-?\d+),r=(\d+)\)`)

// complainedPacket is a pointer into the packet as the complaint has it, which
// kernels before 5.18 do not print at each step: "R9(id=0,off=26,r=14)"
// (__check_mem_access).
func (c *Case) complainedPacket(reg int) (v verifierlog.Value, ok bool) {
	m := packetState.FindStringSubmatch(c.Summary.Message)
	if m == nil || m[1] != strconv.Itoa(reg) || !strings.HasPrefix(c.match.Text, "invalid access to packet") {
		return v, false
	}
	v = verifierlog.Value{Reg: reg, Base: verifierlog.Packet, Type: "pkt", FrameNo: -1}
	v.ID, _ = strconv.Atoi(m[2])
	v.Offset, _ = strconv.ParseInt(m[3], 10, 64)
	v.Range, _ = strconv.ParseInt(m[4], 10, 64)
	return v, true
}

// outOfBounds: memory of a known size is accessed outside of it, or at an
// offset of which the verifier knows too little (check_mem_region_access,
// check_stack_access_within_bounds and __check_buffer_access in
// kernel/bpf/verifier.c).
func outOfBounds(c *Case, d *diag.Diagnostic) {
	r, ok := c.reach()
	if !ok {
		d.Message = "memory is accessed outside of its bounds"
		primary(d, "this access")
		return
	}
	if r.calls && r.size == 0 && r.loc.Reg < 5 && (d.Code == "BPF0110" || d.Code == "BPF0113") && r.off >= 0 && r.off <= r.total {
		// How kernels say of some memory that the size may be 0.
		c.lengthAt(d, r.loc.Reg+1, true)
		return
	}
	x := c.index(c.last, r.loc, r.insn, r.e)
	o := c.object(&r, &x)
	if r.calls && !x.found {
		c.callBounds(d, &r, &o)
		return
	}
	what := "this access"
	switch {
	case r.e.node != nil && !r.calls:
		what = quote(r.e.text())
	case r.calls:
		what = "what " + r.function() + " accesses"
	}
	markExpression(d, r.e)
	c.tellObject(d, &r, &o)
	if !x.found {
		c.constantBounds(d, &r, &o, &x, what)
		return
	}
	c.variableBounds(d, &r, &o, &x, what)
}

// constantBounds is about an access at an offset that is known.
func (c *Case) constantBounds(d *diag.Diagnostic, r *reach, o *region, x *index, what string) {
	d.Message = what + " lies outside " + o.what
	off := r.off - o.begin
	if x.name != "" && r.size > 0 && c.constantIndex(d, r, o, x, what) {
		return
	}
	switch {
	case !r.hasOff:
		primary(d, "outside "+o.what)
	case off < 0:
		primary(d, fmt.Sprintf("begins %s in front of %s", inBytes(-off), o.what))
	case o.size > 0 && r.size >= 0:
		primary(d, fmt.Sprintf("%s, but only 0 to %d are there", byteRange(off, r.size), o.size-1))
	case r.size >= 0:
		primary(d, fmt.Sprintf("%s at offset %d", inBytes(r.size), off))
	}
	if i := r.e.indexed().operand(1); o.on != nil && i.node != nil && off >= o.size && r.size > 0 {
		note(d, "the verifier goes through the loop until %s is outside: what stops it earlier is in data that it does not know", quote(i.text()))
		if h, ok := c.endLoop(r.e, i.text(), o.size/r.size); ok {
			d.Helps = append(d.Helps, h)
			return
		}
		advise(d, "let %s end at %d", quote(i.text()), o.size/r.size-1)
		return
	}
	if !c.pointerSize(d, r) {
		d.Helps = append(d.Helps, diag.Help{Text: o.advice, Applicability: diag.Placeholder})
	}
}

// constantIndex is about an index that has gone too far, in a loop mostly.
func (c *Case) constantIndex(d *diag.Diagnostic, r *reach, o *region, x *index, what string) bool {
	limit := x.room(o.size, r.size)
	if n := x.value.Number; limit <= 0 || n >= 0 && n < limit {
		return false
	}
	has := fmt.Sprintf("only 0 to %d is inside", limit-1)
	if x.length == limit {
		d.Message = what + " lies outside " + quote(x.array)
		has = fmt.Sprintf("%s has %s", quote(x.array), count(limit, "element"))
	}
	primary(d, fmt.Sprintf("%s is %d here, %s", x.noun(), x.value.Number, has))
	c.tellIndex(d, x)
	d.Helps = append(d.Helps, c.bound(x, limit))
	return true
}

// variableBounds is about an access at an offset that depends on a number.
func (c *Case) variableBounds(d *diag.Diagnostic, r *reach, o *region, x *index, what string) {
	if r.calls && c.twoNumbers(d, r, o, x) {
		return
	}
	if x.taken {
		c.takenBounds(d, o, x, what)
		return
	}
	if v, ok := c.Path.Before(c.last, verifierlog.Reg(r.loc.Frame, r.loc.Reg+1)); ok && r.calls && r.size < 0 && r.loc.Reg < 5 && v.Base == verifierlog.Scalar && v.Const {
		r.size = v.Number
	}
	limit := int64(0)
	if r.size > 0 {
		limit = x.room(o.size, r.size)
	}
	if fn := c.globalResult(x.step, x.loc); fn != nil && x.name == "" {
		x.result = fn.Name
	}
	lost, checked := c.tellIndex(d, x)
	says := x.says()
	switch d.Code {
	case "BPF0120":
		d.Message = x.noun() + " has no upper bound here"
		if x.known && bounded(x.value) {
			d.Message = fmt.Sprintf("%s may be as large as %d here", x.noun(), x.value.Bounds.Umax)
		}
	case "BPF0121":
		d.Message = x.noun() + " may be negative here"
		if x.known && (x.value.Bounds.Smin >= 0 || x.typ != nil && !x.typ.Underlying().Signed && x.value.Bounds.Smin < 0) {
			d.Message = what + " may lie outside " + o.what
		}
	default:
		d.Message = what + " may lie outside " + o.what
		if x.known && x.based && !x.several && o.size > 0 && x.fixed+x.scale*x.value.Bounds.Smin >= o.size && x.value.Bounds.Smin >= 0 {
			d.Message = what + " lies outside " + o.what
		}
	}
	var has string
	switch {
	case limit > 0 && x.length == limit:
		has = fmt.Sprintf("%s has %s", quote(x.array), count(limit, "element"))
	case limit > 0 && (!r.calls || strings.HasPrefix(r.call, "bpf_map_")):
		has = fmt.Sprintf("only 0 to %d is inside", limit-1)
	case limit > 0:
		has = fmt.Sprintf("for %s only 0 to %d is inside", inBytes(r.size), limit-1)
	case o.size > 0:
		has = fmt.Sprintf("%s has %s", o.what, inBytes(o.size))
	}
	if r.known && r.ptr.Base == verifierlog.Ctx && o.size > 0 && limit > 0 {
		note(d, "%s has %s", o.what, inBytes(o.size))
	}
	global := c.globalResult(x.step, x.loc)
	text := x.noun() + " may be any number here"
	if says != "" && global == nil {
		text = x.noun() + " is " + says + " here"
	}
	if has != "" {
		text += ", " + has
	}
	primary(d, text)
	if lost != nil {
		c.compilerLost(d, lost, x.step, x.loc, c.summand(x.name, x.inside, x.step, x.loc), limit)
		return
	}
	if d.Code == "BPF0116" {
		d.Notes = append(d.Notes, "how large this buffer is will be known when the program is attached; until then only constant offsets are allowed")
		d.Helps = append(d.Helps, diag.Help{Text: "access the buffer at constant offsets, or copy it first and use the index on the copy", Applicability: diag.Placeholder})
		return
	}
	if !checked {
		c.tellEarlier(d, x.step, x.loc, x.name)
	}
	if !checked && isName(x.name) && len(c.Path.Checks(x.step, x.loc)) == 0 && !c.Path.Truncated {
		d.Notes = append(d.Notes, "on the path to this line nothing compares "+quote(x.name)+" with anything")
	}
	if x.name == "" && limit > 0 && x.known && x.value.Bounds.Smin >= 0 && x.value.Bounds.Umax < uint64(o.size) && x.scale == 1 && x.based && r.size > 1 {
		advise(d, "make the memory %s larger, so that %d fit behind the greatest index, or keep the index below %d",
			inBytes(x.fixed+int64(x.value.Bounds.Umax)+r.size-o.size), r.size, limit)
		return
	}
	if global != nil {
		c.tellGlobalResult(d, global)
	}
	d.Helps = append(d.Helps, c.bound(x, limit))
}

func inBytes(n int64) string { return count(n, "byte") }

func count(n int64, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
