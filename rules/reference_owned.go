package rules

import (
	"fmt"
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/verifierlog"
)

var (
	_ = rule("BPF0402", releaseOfUnowned)
	_ = rule("BPF0403", releaseAtOffset)
)

// releaseOfUnowned: what is passed to a function that releases is no reference,
// or none any more (check_func_arg, release_reference).
func releaseOfUnowned(c *Case, d *diag.Diagnostic) {
	n, fn := 0, c.stopped()
	if len(c.match.Fields) > 0 {
		n = argumentNumber(c.match.Fields[0])
	}
	if n == 0 && strings.HasPrefix(c.match.Text, "release helper") || strings.HasPrefix(c.match.Text, "release kfunc") {
		n = argumentNumber(c.match.Fields[len(c.match.Fields)-1])
	}
	if n == 0 {
		n = 1 // what can be released is the first argument of all such functions
	}
	what := c.argumentPhrase(n)
	d.Message = what + " is not a reference that this program holds"
	into := ""
	if fn != "" {
		into = ", and " + quote(fn) + " takes only such"
	}
	l := verifierlog.Reg(c.Path.Step(c.last).Frame, n)
	if step, released := c.releasedBefore(n, l); released {
		d.Message = c.objectPhrase(n, "this reference") + " was released before"
		primary(d, "released again here")
		c.tell(d, step, l, "released here first")
		offer(d, "release it once", diag.Likely, c.removeCall(c.last))
		return
	}
	of := ""
	if name, ok := strings.CutPrefix(strings.TrimSuffix(c.callTarget("").paramType(n), " *"), "struct "); ok {
		of = " to a " + quote("struct "+name)
	}
	primary(d, "not a reference"+of+into)
	c.markArgument(d, n)
	if strings.HasSuffix(fn, "_dynptr") {
		d.Message = c.objectPhrase(n, "this dynptr") + " holds no record to submit or discard"
		primary(d, "needs the dynptr of a ring buffer record")
		if edits := c.removeCall(c.last); edits != nil {
			offer(d, "other dynptrs are not released", diag.Likely, edits)
		}
		return
	}
	link := c.tellOrigin(d, l)
	if v, ok := c.Path.Before(c.last, l); ok {
		if k := kindOf(v); k != "" {
			d.Notes = append(d.Notes, what+" is "+k+"; nothing that was acquired belongs to it")
		}
		if fn == "bpf_kptr_xchg" { // it takes the reference over, and releases nothing
			how := "acquire a reference of the object first"
			if acquirers[v.TypeName] != "" {
				how = "acquire a reference first with " + quote(acquirers[v.TypeName])
			}
			suggest(d, how+", check it against NULL, and store that")
			return
		}
		if v.Base == verifierlog.BTFPtr && acquirers[v.TypeName] != "" && link.Kind != verifierlog.LinkUnknown {
			offer(d, "release only what "+quote(acquirers[v.TypeName])+" or another acquiring function returned", diag.Likely, c.removeCall(c.last))
		} else if link.Kind == verifierlog.LinkLoad {
			offer(d, "what was read needs no release", diag.Likely, c.removeCall(c.last))
		}
	}
}

// acquirers are the functions that make a reference to a kernel structure.
var acquirers = map[string]string{
	"task_struct": "bpf_task_acquire", "cgroup": "bpf_cgroup_acquire", "bpf_cpumask": "bpf_cpumask_acquire", "nf_conn": "bpf_skb_ct_lookup",
}

// releasedBefore finds the step that released what argument n held.
func (c *Case) releasedBefore(n int, l verifierlog.Loc) (int, bool) {
	if loss, ok := c.Path.Lost(c.last, l); ok && !loss.Likely && c.Path.Step(loss.Step).Op == verifierlog.OpCall && strings.Contains(string(c.Path.Step(loss.Step).Func), "release") {
		return loss.Step, true
	}
	// An object on the stack: an earlier call with the same address that ended it.
	v, ok := c.Path.Before(c.last, l)
	if !ok || v.Base != verifierlog.FramePtr {
		return -1, false
	}
	return c.ended(v, l.Frame)
}

// ended finds the latest step that ended the dynptr or iterator at an address
// of the stack.
func (c *Case) ended(v verifierlog.Value, frame int) (int, bool) {
	if v.FrameNo >= 0 {
		frame = v.FrameNo
	}
	slot := verifierlog.Slot(frame, int(v.Offset))
	for step := c.last - 1; step >= max(c.Path.Begin, 0); step-- {
		if c.Path.Step(step).Op != verifierlog.OpCall {
			continue
		}
		before, ok := c.Path.Before(step, slot)
		after, known := c.Path.After(step, slot)
		if ok && (before.Base == verifierlog.Dynptr || before.Base == verifierlog.Iter) && (!known || after.Base != before.Base) {
			return step, true
		}
	}
	return -1, false
}

// releaseAtOffset: a pointer into what was acquired is released
// (__check_ptr_off_reg).
func releaseAtOffset(c *Case, d *diag.Diagnostic) {
	n := 0
	if len(c.match.Fields) > 0 {
		n = argumentNumber(c.match.Fields[0])
	}
	what := c.argumentPhrase(n)
	d.Message = what + " was moved, and has to be released as it was acquired"
	primary(d, "not the address that was acquired")
	c.markArgument(d, n)
	if n == 0 || n > 5 || c.last < 0 {
		return
	}
	l := verifierlog.Reg(c.Path.Step(c.last).Frame, n)
	c.tellOrigin(d, l)
	if v, ok := c.Path.Before(c.last, l); ok && v.Base != verifierlog.Scalar && v.Offset != 0 {
		d.Notes = append(d.Notes, fmt.Sprintf("%s is the address that was acquired plus %d", what, v.Offset))
		if v.Base == verifierlog.BTFPtr && v.Flags&verifierlog.Alloc == 0 {
			offer(d, "pass the pointer that was acquired, not one to a member", diag.Likely, c.unmovedEdit(n))
			return
		}
	}
	if edits := c.unmovedEdit(n); edits != nil {
		offer(d, "pass the pointer as it was acquired", diag.Likely, edits)
		return
	}
	suggest(d, "keep the pointer as it was acquired in a variable of its own; a member's address leads back with `container_of`")
}
