package rules

import (
	"fmt"
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/verifierlog"
)

var (
	_ = rule("BPF0455", dynptrUninitialised)
	_ = rule("BPF0456", dynptrInUse)
	_ = rule("BPF0457", dynptrOverwritten)
	_ = rule("BPF0458", dynptrType)
	_ = rule("BPF0459", dynptrReadOnly)
	_ = rule("BPF0460", stackObjectMoved)
	_ = rule("BPF0461", dynptrFromMemory)
)

// dynptrUninitialised: process_dynptr_func, the slot holds no dynptr.
func dynptrUninitialised(c *Case, d *diag.Diagnostic) {
	n := 0
	if len(c.match.Fields) > 0 {
		n = argument(c.match.Fields[0])
	}
	if n == 0 {
		n = c.dynptrArgument()
	}
	d.Message = c.objectPhrase(n, "this dynptr") + " is not initialised here"
	primary(d, "needs a dynptr")
	c.markParameter(d, n)
	slot, ok := c.objectSlot(n)
	if !ok {
		return
	}
	step, store, lost := c.spoilt(slot)
	if !lost {
		if _, made := c.madeAt(slot); made || c.Path.Truncated {
			return
		}
		d.Notes = append(d.Notes, "on the path to this line nothing makes a dynptr there")
		c.skippedMaking(d, n)
		d.Helps = append(d.Helps, diag.Help{Text: "make it on every path that comes here, for example with `bpf_dynptr_from_mem`; the result of that call needs no check for this", Applicability: diag.Placeholder})
		return
	}
	text := "it ends here"
	switch fn := string(c.Path.Step(step).Func); {
	case store:
		text = "this store overwrites it"
	case strings.Contains(fn, "submit"), strings.Contains(fn, "discard"):
		text = quote(fn) + " ends it"
		if c.Path.Step(step).Op == verifierlog.OpCall && !c.passes(step, slot) {
			text += ", as every clone of the record's dynptr"
		}
	case fn != "":
		text = quote(fn) + " ends it"
	}
	c.tell(d, step, slot, text)
}

// passes says whether a call was given the address of a slot.
func (c *Case) passes(step int, slot verifierlog.Loc) bool {
	frame := c.Path.Step(step).Frame
	for r := 1; r <= 5; r++ {
		v, ok := c.Path.Before(step, verifierlog.Reg(frame, r))
		if ok && v.Base == verifierlog.FramePtr && int(v.Offset) == slot.Slot {
			return true
		}
	}
	return false
}

// dynptrArgument finds the argument that the function called takes a dynptr as,
// for messages that do not say it: the last one that points to the stack.
func (c *Case) dynptrArgument() int {
	switch c.stopped() {
	case "bpf_ringbuf_reserve_dynptr", "bpf_dynptr_from_mem":
		return 4
	case "bpf_dynptr_from_skb", "bpf_dynptr_from_xdp", "bpf_dynptr_from_file", "bpf_dynptr_from_skb_meta", "bpf_dynptr_read":
		return 3
	case "bpf_dynptr_clone":
		return 2
	case "bpf_dynptr_write", "bpf_dynptr_data", "bpf_dynptr_slice", "bpf_dynptr_slice_rdwr", "bpf_dynptr_adjust", "bpf_dynptr_size",
		"bpf_ringbuf_submit_dynptr", "bpf_ringbuf_discard_dynptr":
		return 1
	}
	return 0
}

// dynptrInUse: a dynptr is made where one is that still is needed.
func dynptrInUse(c *Case, d *diag.Diagnostic) {
	n := c.dynptrArgument()
	if n == 0 {
		n = 1
	}
	d.Message = c.objectPhrase(n, "this dynptr") + " is already initialised"
	primary(d, "made a second time")
	c.markParameter(d, n)
	slot, ok := c.objectSlot(n)
	if !ok {
		d.Message = "a dynptr cannot be made in " + c.objectPhrase(n, "this place")
		primary(d, "needs a variable on the stack that holds no dynptr")
		if n > 0 && n <= 5 && c.last >= 0 {
			if v, known := c.Path.Before(c.last, verifierlog.Reg(c.Path.Step(c.last).Frame, n)); known {
				what := kindOf(v)
				if v.Base == verifierlog.DynptrPtr {
					what = "a dynptr that was passed in"
				}
				d.Notes = append(d.Notes, c.argumentPhrase(n)+" is "+what)
			}
		}
		return
	}
	step, found := c.madeAt(slot)
	if found {
		c.tell(d, step, slot, "made here")
	}
	v, known := c.Path.Before(c.last, slot)
	if known && v.Base != verifierlog.Dynptr {
		d.Message = "no dynptr can be made in " + c.objectPhrase(n, "these bytes of the stack")
		primary(d, "needs 16 bytes of the stack that hold no iterator and no dynptr")
		return
	}
	d.Helps = append(d.Helps, diag.Help{Text: "use a second variable, or submit or discard the first before", Applicability: diag.Placeholder})
}

// dynptrOverwritten: destroy_if_dynptr_stack_slot, check_stack_write_var_off,
// a store or a helper's output over a dynptr.
func dynptrOverwritten(c *Case, d *diag.Diagnostic) {
	d.Message = "this overwrites a dynptr that is still needed"
	primary(d, "writes over it")
	name, slot, ok := c.overwritten()
	if name != "" {
		d.Message = "this overwrites " + quote(name) + ", which is still needed"
	}
	if !ok {
		return
	}
	step, found := c.madeAt(slot)
	if !found { // slot may be the second half
		step, found = c.madeAt(verifierlog.Slot(slot.Frame, slot.Slot-8))
	}
	if found {
		c.tell(d, step, slot, "made here")
	}
	if strings.HasPrefix(c.match.Text, "potential write") {
		primary(d, "may write over it")
		d.Notes = append(d.Notes, "the bytes that this call may write reach into the dynptr")
		return
	}
	d.Notes = append(d.Notes, "it stands for a record that has to be submitted or discarded, and no other dynptr does")
	d.Helps = append(d.Helps, diag.Help{Text: "submit or discard the record first, or use another variable", Applicability: diag.Placeholder})
}

// overwritten finds the dynptr that the last step writes over.
func (c *Case) overwritten() (name string, slot verifierlog.Loc, ok bool) {
	if c.last < 0 {
		return "", slot, false
	}
	slot, ok = c.Path.StackSlot(c.last)
	if len(c.match.Fields) == 1 {
		var off int
		if _, err := fmt.Sscan(c.match.Fields[0], &off); err == nil && off < 0 && off >= -512 {
			slot, ok = verifierlog.Slot(c.Path.Step(c.last).Frame, off), true
		}
	}
	for n := 1; !ok && n <= 5; n++ {
		if s, on := c.objectSlot(n); on {
			if v, known := c.Path.Before(c.last, s); known && v.Base == verifierlog.Dynptr {
				slot, ok = s, true
			}
		}
	}
	if !ok {
		return "", slot, false
	}
	if n := c.name(c.last, slot); !n.Likely && !n.From {
		name = n.Expr
	}
	name, _, _ = strings.Cut(name, ".__opaque") // the one member of bpf_dynptr
	return name, slot, true
}

// dynptrType: process_dynptr_func, a dynptr of another kind, or none at all.
func dynptrType(c *Case, d *diag.Diagnostic) {
	n, want := 0, ""
	for _, f := range c.match.Fields {
		if a := argument(f); a > 0 {
			n = a
		} else {
			want = strings.TrimSpace(f)
		}
	}
	what, fn := c.argumentPhrase(n), c.stopped()
	callee := "this function"
	if fn != "" {
		callee = quote(fn)
	}
	d.Message = what + " is not the dynptr that " + callee + " takes"
	c.markParameter(d, n)
	if want != "" {
		primary(d, "has to be a dynptr of a "+dynptrKind(want))
		if slot, ok := c.objectSlot(n); ok {
			if v, known := c.Path.Before(c.last, slot); known && v.Base == verifierlog.Dynptr {
				d.Notes = append(d.Notes, "it is a dynptr of a "+dynptrKind(v.TypeName))
			}
			if step, found := c.madeAt(slot); found {
				c.tell(d, step, slot, "made here")
			}
		}
		return
	}
	primary(d, "not the address of a dynptr")
	if n > 0 && n <= 5 && c.last >= 0 {
		l := verifierlog.Reg(c.Path.Step(c.last).Frame, n)
		if v, ok := c.Path.Before(c.last, l); ok {
			d.Notes = append(d.Notes, what+" is "+kindOf(v))
		}
		c.tellOrigin(d, l)
	}
	d.Helps = append(d.Helps, diag.Help{Text: "pass the address of a local variable `struct bpf_dynptr`, or a dynptr that this callback or function was given", Applicability: diag.Placeholder})
}

// dynptrKind names what a dynptr stands for.
func dynptrKind(kind string) string {
	switch kind {
	case "ringbuf":
		return "ring buffer record"
	case "local":
		return "piece of the program's own memory"
	case "skb", "xdp":
		return "packet (" + quote(kind) + ")"
	case "skb_meta":
		return "packet's metadata"
	case "file":
		return "file"
	}
	return quote(kind)
}

// dynptrReadOnly: a dynptr that was given to a callback or function is to be
// changed or released.
func dynptrReadOnly(c *Case, d *diag.Diagnostic) {
	n := max(c.dynptrArgument(), 1)
	d.Message = c.argumentPhrase(n) + " is a dynptr that was passed in, and not this function's to change or release"
	primary(d, "changes or releases it")
	c.markParameter(d, n)
	if c.last >= 0 && n <= 5 {
		c.tellOrigin(d, verifierlog.Reg(c.Path.Step(c.last).Frame, n))
	}
	d.Helps = append(d.Helps, diag.Help{Text: "only read from it and write through it; whoever made it releases it", Applicability: diag.Placeholder})
}

// stackObjectMoved: an address inside of a dynptr, iterator or interrupt state,
// or one that is not known (stack_slot_obj_get_spi).
func stackObjectMoved(c *Case, d *diag.Diagnostic) {
	what := "dynptr"
	if strings.HasPrefix(c.match.Text, "cannot pass in ") && len(c.match.Fields) == 2 || strings.Contains(c.match.Text, "constant offset") && len(c.match.Fields) > 0 {
		what = c.match.Fields[0]
	}
	what = map[string]string{"iter": "iterator", "irq_flag": "interrupt state", "irq flag": "interrupt state"}[what]
	if what == "" {
		what = "dynptr"
	}
	n := c.dynptrArgument()
	if n == 0 {
		n = 1
	}
	d.Message = "a" + map[bool]string{true: "n"}[strings.HasPrefix(what, "i")] + " " + what + " has to be given by its own address"
	if name := c.argumentText(n); name != "" {
		d.Message = quote(name) + " is not the address of a" + map[bool]string{true: "n"}[strings.HasPrefix(what, "i")] + " " + what
	}
	primary(d, "points beside it")
	c.markParameter(d, n)
	if strings.Contains(c.match.Text, "constant offset") {
		primary(d, "may point to several places")
		d.Notes = append(d.Notes, "the address was computed with a number that is not known here")
	}
	if slot, ok := c.objectSlot(n); ok && c.last >= 0 {
		l := verifierlog.Reg(c.Path.Step(c.last).Frame, n)
		if v, known := c.Path.Before(c.last, l); known && int(v.Offset) != slot.Slot {
			d.Notes = append(d.Notes, fmt.Sprintf("the address is not a multiple of 8 bytes below the frame (%d)", v.Offset))
		}
	}
	d.Helps = append(d.Helps, diag.Help{Text: "pass the address of the whole variable, without arithmetic", Applicability: diag.Placeholder})
}

// dynptrFromMemory: bpf_dynptr_from_mem takes map values, and newer kernels
// some more.
func dynptrFromMemory(c *Case, d *diag.Diagnostic) {
	what := c.argumentPhrase(1)
	d.Message = "a dynptr cannot be made of this memory"
	primary(d, "not memory that a dynptr can be made of")
	c.markParameter(d, 1)
	if c.last >= 0 {
		l := verifierlog.Reg(c.Path.Step(c.last).Frame, 1)
		if v, ok := c.Path.Before(c.last, l); ok {
			d.Message = "a dynptr cannot be made of " + what
			d.Notes = append(d.Notes, what+" is "+kindOf(v)+"; `bpf_dynptr_from_mem` takes the value of a map, which global variables are too")
		}
		c.tellOrigin(d, l)
	}
	d.Helps = append(d.Helps, diag.Help{Text: "keep the bytes in a map's value or a global variable", Applicability: diag.Placeholder})
}
