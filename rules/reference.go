package rules

import (
	"fmt"
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/sourcetext"
	"github.com/bpfdiag/bpfdiag/verifierlog"
)

var _ = rule("BPF0401", unreleasedReference)

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
	if strings.HasPrefix(h.Func, "bpf_iter_") {
		d.Message = h.what + " is not destroyed on this path"
	}
	if !c.lost(d, h) {
		c.leak(d, h)
	}
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
	if strings.HasPrefix(h.fn, "bpf_iter_") {
		still = "not destroyed on the way here"
	}
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
		c.helpRelease(d, h, diag.Likely, c.insertion(c.last, h))
		return
	}
	l, ok := c.leaving(h.Resource)
	if !ok {
		c.helpRelease(d, h, diag.Placeholder, nil)
		return
	}
	if b := l.unreleasedBranch(h); b != nil {
		c.helpRelease(d, h, diag.Likely, []diag.Edit{l.otherwise(b, h)})
		c.markHead(d, &l, b, "this is false on the failing path")
		return
	}
	r := l.exit(h.name)
	if r == nil && l.fallsOff() {
		end := l.function.Body.End
		markSpan(d, l.file, sourcetext.Span{Start: end - 1, End: end})
		c.helpRelease(d, h, diag.Safe, l.atEnd(h))
		return
	}
	if r != nil {
		markSpan(d, l.file, r.stmt.Span)
		if r.taken == taken {
			c.markHead(d, &l, r.branch, "true on the failing path")
		}
	}
	c.helpRelease(d, h, l.certain(h, r), l.edits(h, r))
}

// lost tells of a call whose result nothing keeps, so that no way out can give
// it back: the call is what has to be mended.
func (c *Case) lost(d *diag.Diagnostic, h held) bool {
	call := c.sourceCall(h.Acquired)
	if !h.result || call.loose || !alone(call.at.Stmt, call.expression) {
		return false
	}
	c.blame(d, call, "still held here")
	d.Message = "what " + quote(sourceName(h.Func)) + " returns is not kept, and so never released"
	primary(d, h.got+", and nothing keeps it")
	if h.Func == "bpf_kptr_xchg" {
		primary(d, "what was in the map comes out here, and nothing keeps it")
	}
	text := "keep it in a variable, and release it unless it is NULL"
	if h.fn != "" {
		text = "keep it in a variable, and give it to " + quote(h.fn) + " unless it is NULL"
	}
	offer(d, text, diag.Safe, c.lostExchange(h.Acquired))
	return true
}

// blame makes a call the marked place of the failure. Where the verifier gave up is
// told beside it, with a text of its own, if a statement stands there.
func (c *Case) blame(d *diag.Diagnostic, call sourceCall, text string) {
	var after []diag.Label
	if at, _, ok := c.source(c.Path.Insn(c.last)); ok && at.Stmt != nil {
		after = append(after, d.Labels...)
	}
	c.mark(d, call.insn, call.file, call.node.Span)
	for _, l := range after {
		l.Primary, l.Text = false, text
		d.Labels = append(d.Labels, l)
	}
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

// helpRelease advises to give something back, by an edit where there is one. how says
// how certain that is.
func (c *Case) helpRelease(d *diag.Diagnostic, h held, how diag.Applicability, edits []diag.Edit) {
	help := diag.Help{Text: h.advice, Applicability: diag.Placeholder}
	switch {
	case len(edits) > 0:
		help.Edits, help.Applicability = edits, how
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
	e, ok := c.editor(c.Path.Insn(step))
	if !ok || e.at.Stmt == nil || e.at.Stmt.Kind == sourcetext.LoopStmt {
		return nil
	}
	return e.before(e.at.Stmt, h.release)
}

// oneFunction says whether two steps belong to one function of the source, as
// its text is written: BPF_PROG makes two of what is one there.
func (c *Case) oneFunction(a, b int) bool {
	p, _, ok := c.source(c.Path.Insn(a))
	q, _, found := c.source(c.Path.Insn(b))
	if !ok || !found || c.Path.Step(a).Frame != c.Path.Step(b).Frame {
		return false
	}
	at, _ := c.place(c.Path.Insn(a))
	other, _ := c.place(c.Path.Insn(b))
	return at.File == other.File && p.Function.Body.End > 0 && p.Function.Body == q.Function.Body
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
