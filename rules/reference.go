package rules

import (
	"fmt"
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/sourcetext"
	"github.com/bpfdiag/bpfdiag/verifierlog"
)

var (
	_ = rule("BPF0401", unreleasedReference)
	_ = rule("BPF0402", releaseOfUnowned)
	_ = rule("BPF0403", releaseAtOffset)
)

// unreleasedReference: the program ends, or leaves for good, with references
// (check_reference_leak and check_resource_leak in kernel/bpf/verifier.c).
func unreleasedReference(c *Case, d *diag.Diagnostic) {
	open := c.openOf(verifierlog.ResReference)
	if len(open) == 0 {
		d.Message = "a reference is not released on this path"
		primary(d, "it is still held here")
		if len(c.match.Fields) == 2 && strings.HasPrefix(c.match.Text, "Unreleased") {
			d.Notes = append(d.Notes, "instruction "+c.match.Fields[1]+" acquired it")
		}
		return
	}
	h := c.holding(open[0])
	if k := c.complained(open); k >= 0 {
		h = c.holding(open[k])
	}
	d.Message = h.what + " is not released on this path"
	c.leak(d, h)
	if n := len(open) - 1; n == 1 {
		d.Notes = append(d.Notes, "one more reference is held at this point")
	} else if n > 1 {
		d.Notes = append(d.Notes, fmt.Sprintf("%d more references are held at this point", n))
	}
	if h.Func == "bpf_ringbuf_reserve_dynptr" {
		d.Notes = append(d.Notes, "the dynptr has to be submitted or discarded even if `bpf_ringbuf_reserve_dynptr` failed")
	}
}

// openOf are the resources of a kind that are held where the path ends.
func (c *Case) openOf(kind verifierlog.ResourceKind) []verifierlog.Resource {
	if c.last < 0 {
		return nil
	}
	var of []verifierlog.Resource
	for _, r := range c.Path.Open(c.Path.Len()) {
		if r.Kind == kind {
			of = append(of, r)
		}
	}
	return of
}

// complained finds the reference that the message has the number of, -1 if none.
func (c *Case) complained(open []verifierlog.Resource) int {
	for k, r := range open {
		if len(c.match.Fields) > 0 && fmt.Sprint(r.ID) == c.match.Fields[0] {
			return k
		}
	}
	return -1
}

// leak tells of something that is held where it must not be: where it was
// taken, which way the path went to leave, and how to give it back there.
func (c *Case) leak(d *diag.Diagnostic, h held) {
	still := "still held here"
	switch h.Kind {
	case verifierlog.ResLock:
		still = "still locked here"
	case verifierlog.ResRCU:
		still = "the section is still open here"
	case verifierlog.ResPreempt:
		still = "preemption is still disabled here"
	case verifierlog.ResIRQ:
		still = "interrupts are still disabled here"
	}
	primary(d, still)
	defer func() {
		if h.Acquired >= 0 {
			c.sameLine(d, h)
			c.tell(d, h.Acquired, verifierlog.Reg(c.Path.Step(h.Acquired).Frame, 0), h.got)
		}
	}()
	if c.Path.Step(c.last).Op != verifierlog.OpExit {
		// A tail call, an exception, an instruction that may end the program.
		c.helpRelease(d, h, c.insertion(c.last, h))
		return
	}
	l, ok := c.leaving(h.Resource)
	if !ok {
		c.helpRelease(d, h, nil)
		return
	}
	if b := l.unreleasedBranch(h); b != nil {
		c.helpRelease(d, h, []diag.Edit{l.otherwise(b, h)})
		c.markHead(d, &l, b, "this is false on the failing path")
		return
	}
	r := l.exit()
	if r != nil {
		c.markSpan(d, l.file, r.stmt.Span)
		if r.taken == taken {
			c.markHead(d, &l, r.branch, "true on the failing path")
		}
	}
	c.helpRelease(d, h, l.edits(h, r))
}

// sameLine says at one place what is at one place: a log alone has the exit at
// the line that it printed last.
func (c *Case) sameLine(d *diag.Diagnostic, h held) {
	label, ok := c.label(c.Path.Insn(h.Acquired), "")
	for i := range d.Labels {
		if o := &d.Labels[i]; ok && c.Locate == nil && o.Primary && o.File == label.File && o.Line == label.Line {
			o.Text = h.got + ", and not given back on the path from here"
		}
	}
}

// helpRelease advises to give something back, by an edit where there is one.
func (c *Case) helpRelease(d *diag.Diagnostic, h held, edits []diag.Edit) {
	help := diag.Help{Text: h.advice, Applicability: diag.Placeholder}
	switch {
	case len(edits) > 0:
		help.Edits, help.Applicability = edits, diag.Likely
	case h.fn != "" && c.calledBy(h) != "":
		help.Text = "call " + quote(h.fn) + " before " + quote(c.calledBy(h)) + " returns, or in its caller"
	case h.release != "":
		help.Text = "call " + quote(strings.TrimSuffix(h.release, ";")) + " on every way out"
	case h.fn != "":
		help.Text = "call " + quote(h.fn) + " on every way out"
	default:
		help.Text = "release it on every way out"
	}
	d.Helps = append(d.Helps, help)
}

// calledBy is the function that took something and returned before the path
// ended; "" if that is the function that the path ends in.
func (c *Case) calledBy(h held) string {
	if h.Acquired < 0 || c.Path.Step(h.Acquired).Frame <= c.Path.Step(c.last).Frame {
		return ""
	}
	p, _ := c.place(c.Path.Insn(h.Acquired))
	return p.Function
}

// insertion is the edit that releases in front of the statement of a step.
func (c *Case) insertion(step int, h held) []diag.Edit {
	if h.release == "" || h.Acquired < 0 || !c.oneFunction(step, h.Acquired) {
		return nil
	}
	if e, ok := c.insertBefore(c.Path.Insn(step), h.release); ok {
		return []diag.Edit{e}
	}
	return nil
}

// oneFunction says whether two steps belong to one function of the source.
func (c *Case) oneFunction(a, b int) bool {
	p, ok := c.place(c.Path.Insn(a))
	q, found := c.place(c.Path.Insn(b))
	return ok && found && p.File == q.File && p.Function == q.Function && len(p.Inlined) == len(q.Inlined) && c.Path.Step(a).Frame == c.Path.Step(b).Frame
}

// markHead labels the condition of an if.
func (c *Case) markHead(d *diag.Diagnostic, l *leaving, branch *sourcetext.Stmt, text string) {
	if branch == nil {
		return
	}
	step := -1
	for _, v := range l.steps {
		if v.at >= branch.Head.Start && v.at < branch.Head.End {
			step = v.step
		}
	}
	label, ok := c.label(c.Path.Insn(step), text)
	if !ok {
		return
	}
	label.Line, label.Column = l.file.Position(branch.Head.Start)
	label.EndLine, label.EndColumn = l.file.Position(branch.Head.End)
	label.Source = ""
	at := len(d.Labels)
	for i := range d.Labels {
		if d.Labels[i].Primary {
			at = i
		}
	}
	d.Labels = append(d.Labels[:at], append([]diag.Label{label}, d.Labels[at:]...)...)
}

// releaseOfUnowned: what is passed to a function that releases is no reference,
// or none any more (check_func_arg, release_reference).
func releaseOfUnowned(c *Case, d *diag.Diagnostic) {
	n, fn := 0, c.stopped()
	if len(c.match.Fields) > 0 {
		n = argument(c.match.Fields[0])
	}
	if n == 0 && strings.HasPrefix(c.match.Text, "release helper") || strings.HasPrefix(c.match.Text, "release kfunc") {
		n = argument(c.match.Fields[len(c.match.Fields)-1])
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
		d.Helps = append(d.Helps, diag.Help{Text: "remove one of the two", Applicability: diag.Placeholder})
		return
	}
	primary(d, "not a reference"+into)
	c.markParameter(d, n)
	if strings.HasSuffix(fn, "_dynptr") {
		d.Message = c.objectPhrase(n, "this dynptr") + " holds no record to submit or discard"
		primary(d, "needs the dynptr of a ring buffer record")
		return
	}
	link := c.tellOrigin(d, l)
	if v, ok := c.Path.Before(c.last, l); ok {
		if k := kindOf(v); k != "" {
			d.Notes = append(d.Notes, what+" is "+k+"; nothing that was acquired belongs to it")
		}
		if v.Base == verifierlog.BTFPtr && acquirers[v.TypeName] != "" && link.Kind != verifierlog.LinkUnknown {
			d.Helps = append(d.Helps, diag.Help{Text: "release only what " + quote(acquirers[v.TypeName]) + " or another acquiring function returned; a pointer that was passed in or read needs no release", Applicability: diag.Placeholder})
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
		n = argument(c.match.Fields[0])
	}
	what := c.argumentPhrase(n)
	d.Message = what + " was moved, and has to be released as it was acquired"
	primary(d, "not the address that was acquired")
	c.markParameter(d, n)
	if n == 0 || n > 5 || c.last < 0 {
		return
	}
	l := verifierlog.Reg(c.Path.Step(c.last).Frame, n)
	c.tellOrigin(d, l)
	if v, ok := c.Path.Before(c.last, l); ok && v.Base != verifierlog.Scalar && v.Offset != 0 {
		d.Notes = append(d.Notes, fmt.Sprintf("%s is the address that was acquired plus %d", what, v.Offset))
		if v.Base == verifierlog.BTFPtr && v.Flags&verifierlog.Alloc == 0 {
			d.Helps = append(d.Helps, diag.Help{Text: "pass the pointer that was acquired, not one to a member", Applicability: diag.Placeholder})
			return
		}
	}
	d.Helps = append(d.Helps, diag.Help{Text: "keep the pointer as it was acquired in a variable of its own; a member's address leads back with `container_of`", Applicability: diag.Placeholder})
}
