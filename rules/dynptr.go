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
)

// dynptrUninitialised: process_dynptr_func, the slot holds no dynptr.
func dynptrUninitialised(c *Case, d *diag.Diagnostic) {
	n := 0
	if len(c.match.Fields) > 0 {
		n = argumentNumber(c.match.Fields[0])
	}
	if n == 0 {
		n = c.dynptrArgument()
	}
	d.Message = c.objectPhrase(n, "this dynptr") + " is not initialised here"
	primary(d, "needs a dynptr")
	c.markArgument(d, n)
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
		offer(d, "make it on every path that comes here, for example with `bpf_dynptr_from_mem`; the result of that call needs no check for this", diag.Placeholder,
			c.always(func(fn string) bool {
				return strings.HasPrefix(fn, "bpf_dynptr_from_") || fn == "bpf_ringbuf_reserve_dynptr"
			}))
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
	c.markArgument(d, n)
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
			if edits := c.otherVariable(n, "struct bpf_dynptr"); edits != nil {
				offer(d, "make it in a local variable", diag.Placeholder, edits)
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
	offer(d, "use a second variable, or submit or discard the first before", diag.Placeholder, c.otherVariable(n, "struct bpf_dynptr"))
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
	offer(d, "submit or discard the record first, or use another variable", diag.Placeholder, c.otherVariable(c.dynptrArgument(), "struct bpf_dynptr"))
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
