package rules

import (
	"fmt"
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/verifierlog"
)

var (
	_ = rule("BPF0458", dynptrType)
	_ = rule("BPF0459", dynptrReadOnly)
	_ = rule("BPF0460", stackObjectMoved)
	_ = rule("BPF0461", dynptrFromMemory)
)

// dynptrType: process_dynptr_func, a dynptr of another kind, or none at all.
func dynptrType(c *Case, d *diag.Diagnostic) {
	n, want := 0, ""
	for _, f := range c.match.Fields {
		if a := argumentNumber(f); a > 0 {
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
	c.markArgument(d, n)
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
		if edits := c.removeCall(c.last); edits != nil && want == "ringbuf" {
			offer(d, "only a record is submitted or discarded", diag.Likely, edits)
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
	fn := c.stopped()
	releases := strings.Contains(fn, "discard") || strings.Contains(fn, "submit")
	if releases {
		primary(d, "this call releases it")
	}
	c.markArgument(d, n)
	if c.last >= 0 && n <= 5 {
		c.tellOrigin(d, verifierlog.Reg(c.Path.Step(c.last).Frame, n))
	}
	if releases {
		offer(d, "leave this call out; whoever made the dynptr releases it", diag.Safe, c.removeCall(c.last))
		return
	}
	advise(d, "only read from it and write through it; whoever made it releases it")
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
	c.markArgument(d, n)
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
	how := diag.Placeholder
	for _, l := range c.Path.Places(c.last) { // it may be that none was made
		if v, ok := c.Path.Before(c.last, l); ok && (v.Base == verifierlog.Dynptr || v.Base == verifierlog.Iter) {
			how = diag.Likely
		}
	}
	offer(d, "pass the address of the whole variable, without arithmetic", how, c.unmovedEdit(n))
}

// dynptrFromMemory: bpf_dynptr_from_mem takes map values, and newer kernels
// some more.
func dynptrFromMemory(c *Case, d *diag.Diagnostic) {
	what := c.argumentPhrase(1)
	d.Message = "a dynptr cannot be made of this memory"
	primary(d, "not memory that a dynptr can be made of")
	c.markArgument(d, 1)
	if c.last >= 0 {
		l := verifierlog.Reg(c.Path.Step(c.last).Frame, 1)
		if v, ok := c.Path.Before(c.last, l); ok {
			d.Message = "a dynptr cannot be made of " + what
			d.Notes = append(d.Notes, what+" is "+kindOf(v)+"; `bpf_dynptr_from_mem` takes the value of a map, which global variables are too")
		}
		c.tellOrigin(d, l)
	}
	offer(d, "keep the bytes in a map's value or a global variable", diag.Placeholder, c.staticVariable(1))
}
