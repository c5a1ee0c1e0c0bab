package rules

import (
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/verifierlog"
)

var (
	_ = rule("BPF0450", iteratorUninitialised)
	_ = rule("BPF0451", iteratorInUse)
	_ = rule("BPF0452", iteratorArgument)
)

// objectSlot is the slot of the stack that an argument points to.
func (c *Case) objectSlot(n int) (verifierlog.Loc, bool) {
	if n < 1 || n > 5 || c.last < 0 {
		return verifierlog.Loc{}, false
	}
	frame := c.Path.Step(c.last).Frame
	v, ok := c.Path.Before(c.last, verifierlog.Reg(frame, n))
	if !ok || v.Base != verifierlog.FramePtr {
		return verifierlog.Loc{}, false
	}
	if v.FrameNo >= 0 {
		frame = v.FrameNo
	}
	off := int(v.Offset)
	if v.Const {
		off += int(v.Number)
	}
	if off >= 0 || off < -512 {
		return verifierlog.Loc{}, false
	}
	return verifierlog.Slot(frame, off), true
}

// made is the latest step that made the dynptr or iterator of a slot.
func (c *Case) madeAt(slot verifierlog.Loc) (int, bool) {
	for step := c.last - 1; step >= max(c.Path.Begin, 0); step-- {
		if c.Path.Step(step).Op != verifierlog.OpCall {
			continue
		}
		after, ok := c.Path.After(step, slot)
		if !ok || after.Base != verifierlog.Dynptr && after.Base != verifierlog.Iter {
			continue
		}
		before, known := c.Path.Before(step, slot)
		if known && before.Base != after.Base {
			return step, true
		}
	}
	return -1, false
}

// spoilt is the latest step that took a slot's dynptr or iterator away: what
// ended it, or a store over it.
func (c *Case) spoilt(slot verifierlog.Loc) (step int, store, ok bool) {
	for step := c.last - 1; step >= max(c.Path.Begin, 0); step-- {
		before, known := c.Path.Before(step, slot)
		if !known || before.Base != verifierlog.Dynptr && before.Base != verifierlog.Iter {
			continue
		}
		after, known := c.Path.After(step, slot)
		if known && after.Base == before.Base {
			return -1, false, false
		}
		return step, c.Path.Step(step).Op != verifierlog.OpCall, true
	}
	return -1, false, false
}

// iteratorUninitialised: …_next or …_destroy of what is no iterator, or none
// any more (is_iter_reg_valid_init).
func iteratorUninitialised(c *Case, d *diag.Diagnostic) {
	kind, n := "", 0
	if len(c.match.Fields) == 2 {
		kind, n = c.match.Fields[0], argumentNumber(c.match.Fields[1])
	}
	d.Message = c.objectPhrase(n, "this") + " is not a running iterator here"
	if kind != "" {
		primary(d, "needs an iterator that "+quote("bpf_iter_"+kind+"_new")+" made")
	} else {
		primary(d, "needs an iterator that was made")
	}
	c.markArgument(d, n)
	if slot, ok := c.objectSlot(n); ok {
		if step, store, lost := c.spoilt(slot); lost {
			text := "it ended here"
			if fn := string(c.Path.Step(step).Func); strings.HasSuffix(fn, "_destroy") {
				text = "destroyed here"
			} else if store {
				text = "this store overwrites it"
			}
			c.tell(d, step, slot, text)
			return
		}
		if v, known := c.Path.Before(c.last, slot); known && v.Base == verifierlog.Iter && v.TypeName != kind {
			d.Notes = append(d.Notes, "it holds an iterator of another kind, `bpf_iter_"+v.TypeName+"`")
			return
		}
		if _, made := c.madeAt(slot); !made && !c.Path.Truncated {
			d.Notes = append(d.Notes, "on the path to this line nothing makes an iterator there")
			c.skippedMaking(d, n)
		}
	}
	if kind != "" {
		made := "bpf_iter_" + kind + "_new"
		offer(d, "call "+quote(made)+" first, on every path that comes here", diag.Placeholder, c.always(func(fn string) bool { return fn == made }))
	}
}

// iteratorInUse: …_new over a running iterator (is_iter_reg_valid_uninit).
func iteratorInUse(c *Case, d *diag.Diagnostic) {
	kind, n := "", 0
	if len(c.match.Fields) == 2 {
		kind, n = c.match.Fields[0], argumentNumber(c.match.Fields[1])
	}
	object := c.objectPhrase(n, "this iterator")
	d.Message = object + " is already in use"
	primary(d, "made a second time")
	c.markArgument(d, n)
	slot, ok := c.objectSlot(n)
	if !ok {
		return
	}
	if step, found := c.madeAt(slot); found {
		c.tell(d, step, slot, "made here")
	}
	if v, known := c.Path.Before(c.last, slot); known && v.Base == verifierlog.Dynptr {
		d.Notes = append(d.Notes, "it holds a dynptr")
		return
	}
	if kind != "" {
		destroy := "bpf_iter_" + kind + "_destroy"
		offer(d, "destroy it with "+quote(destroy)+" first, or use a second variable; loops in loops take one each", diag.Likely, c.callBefore(destroy, n))
	}
}

// iteratorArgument: process_iter_arg, the pointer is none to the stack.
func iteratorArgument(c *Case, d *diag.Diagnostic) {
	n := 0
	if len(c.match.Fields) > 0 {
		n = argumentNumber(c.match.Fields[0])
	}
	what := c.argumentPhrase(n)
	d.Message = what + " is not an iterator on the stack"
	primary(d, "not the address of an iterator")
	c.markArgument(d, n)
	if n > 0 && n <= 5 && c.last >= 0 {
		l := verifierlog.Reg(c.Path.Step(c.last).Frame, n)
		if v, ok := c.Path.Before(c.last, l); ok {
			d.Notes = append(d.Notes, what+" is "+kindOf(v))
		}
		c.tellOrigin(d, l)
	}
	fn := c.stopped()
	if i := strings.LastIndexByte(fn, '_'); strings.HasPrefix(fn, "bpf_iter_") && i > 9 {
		c.declareLocal(d, n, "struct "+fn[:i])
	}
}
