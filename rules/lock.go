package rules

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/verifierlog"
)

var (
	_ = rule("BPF0410", lockNotHeld)
	_ = rule("BPF0411", otherLockHeld)
	_ = rule("BPF0412", unlockWithoutLock)
	_ = rule("BPF0413", unlockOfOtherLock)
	_ = rule("BPF0414", lockHeldAtExit)
	_ = rule("BPF0415", secondLock)
	_ = rule("BPF0416", callWhileLocked)
)

// lockNotHeld: a list or tree is touched without the lock beside it
// (check_reg_allocation_locked, __process_kf_arg_ptr_to_graph_root).
func lockNotHeld(c *Case, d *diag.Diagnostic) {
	root, n := c.graphRoot()
	call := "this call"
	if fn := c.stopped(); fn != "" {
		call = quote(sourceName(fn))
	}
	d.Message = "the lock beside " + root + " is not held at " + call
	primary(d, "no lock is held here")
	c.markArgument(d, n)
	if r, ok := c.lastReleased(verifierlog.ResLock); ok {
		primary(d, "no lock is held here any more")
		c.tell(d, r.Released, verifierlog.Reg(0, 1), "unlocked here")
	}
	beside := c.lockBeside(n)
	if beside != "" {
		note(d, "%s guards it: a list or tree is changed and read only while the lock beside it is held", quote(beside[1:]))
	} else if len(c.match.Fields) == 2 {
		d.Notes = append(d.Notes, fmt.Sprintf("the `struct bpf_spin_lock` that guards it is at offset %s of the same object", c.match.Fields[0]))
	}
	offer(d, "take the lock with `bpf_spin_lock` before this call and unlock it behind the last use of what the call returns without ownership", diag.Likely, c.lockAround(beside))
}

// graphRoot says which list or tree a call is given, and as which argument.
func (c *Case) graphRoot() (phrase string, n int) {
	switch c.stopped() {
	case "":
		return "this list or tree", 0
	case "bpf_rbtree_first", "bpf_rbtree_add", "bpf_rbtree_remove", "bpf_rbtree_root", "bpf_list_push_front", "bpf_list_push_back",
		"bpf_list_pop_front", "bpf_list_pop_back", "bpf_list_front", "bpf_list_back", "bpf_list_add", "bpf_list_del":
		return c.objectPhrase(1, "this list or tree"), 1
	}
	return "this list or tree", 0
}

// otherLockHeld: a lock is held, of another object or another map value.
func otherLockHeld(c *Case, d *diag.Diagnostic) {
	root, n := c.graphRoot()
	d.Message = "the lock held here is not the one beside " + root
	primary(d, "needs the lock of the object that it is in")
	c.markArgument(d, n)
	if h, ok := c.innermost(verifierlog.ResLock); ok {
		what := "this lock is held"
		if h.name != "" {
			what = quote(h.name) + " is held"
		}
		c.tell(d, h.Acquired, verifierlog.Reg(0, 1), what)
	}
	d.Notes = append(d.Notes, "a lock guards the lists and trees of its own map value, global variable or allocated object; the result of another lookup counts as another object")
	if held, beside := c.heldLock(), c.lockBeside(n); held != beside {
		if edits := c.everywhere(isLockCall, held, beside); len(edits) > 1 {
			offer(d, "take the lock beside "+root, diag.Likely, edits)
		}
	}
}

// innermost is what was taken last of a kind and is held where the path ends.
func (c *Case) innermost(kind verifierlog.ResourceKind) (held, bool) {
	open := c.openOf(kind)
	if len(open) == 0 || open[len(open)-1].Acquired < 0 {
		return held{}, false
	}
	return c.holding(open[len(open)-1]), true
}

// lastReleased is the latest of a kind that was given back on the path.
func (c *Case) lastReleased(kind verifierlog.ResourceKind) (verifierlog.Resource, bool) {
	var last verifierlog.Resource
	found := false
	for _, r := range c.Path.Resources() {
		if r.Kind == kind && r.Released >= 0 && r.Released < c.last && (!found || r.Released > last.Released) {
			last, found = r, true
		}
	}
	return last, found
}

// unlockWithoutLock: process_spin_lock, nothing is locked.
func unlockWithoutLock(c *Case, d *diag.Diagnostic) {
	d.Message = c.objectPhrase(1, "the lock") + " is not held here"
	primary(d, "nothing is locked on this path")
	if r, ok := c.lastReleased(verifierlog.ResLock); ok {
		primary(d, "nothing is locked any more")
		if r.Acquired >= 0 {
			c.tell(d, r.Acquired, verifierlog.Reg(0, 1), "locked here")
		}
		c.tell(d, r.Released, verifierlog.Reg(0, 1), "unlocked here already")
		offer(d, "remove one of the two unlocks, or leave the function behind the first", diag.Placeholder, c.earlierUnlock(r.Released))
		return
	}
	c.skipped(d, regexp.MustCompile(`\bbpf_(res_)?spin_lock\w*\s*\(`), "the branch that locks is not taken on this path")
	offer(d, "lock it on every path that comes here", diag.Placeholder, c.always(func(fn string) bool { return isLockCall(fn) && !strings.Contains(fn, "unlock") }))
}

// unlockOfOtherLock: process_spin_lock, the lock taken last is another one, or
// the same seen through another lookup.
func unlockOfOtherLock(c *Case, d *diag.Diagnostic) {
	this := c.objectPhrase(1, "")
	d.Message = "this unlocks another lock than the one taken last"
	if this != "" {
		d.Message = this + " is not the lock that was taken last"
	}
	primary(d, "unlocked here")
	h, ok := c.innermost(verifierlog.ResLock)
	if ok {
		what := "this lock was taken last"
		if h.name != "" {
			what = quote(h.name) + " was taken last"
		}
		c.tell(d, h.Acquired, verifierlog.Reg(0, 1), what)
	}
	switch {
	case strings.Contains(c.match.Text, "out of order"):
		d.Notes = append(d.Notes, "locks have to be released in reverse order")
	case ok && h.name != "" && quote(h.name) == this:
		d.Notes = append(d.Notes, "both are written alike, but the verifier sees pointers of two lookups or two loads, which it cannot know to be the same object")
		d.Helps = append(d.Helps, diag.Help{Text: "lock and unlock through one pointer, kept in a variable from the lookup on", Applicability: diag.Placeholder})
		return
	default:
		d.Notes = append(d.Notes, "a lock is known by the lookup or allocation that its pointer comes from; each lookup counts as another object")
	}
	if !ok || h.release == "" {
		return
	}
	help := diag.Help{Text: "call " + quote(strings.TrimSuffix(h.release, ";")) + " first", Applicability: diag.Placeholder}
	if l, found := c.leaving(h.Resource); found && !strings.Contains(c.match.Text, "out of order") {
		if s := c.sourceCall(c.last); s.node != nil && len(s.node.Operands) > 1 && c.oneFunction(c.last, h.Acquired) {
			help.Text = "unlock what was locked"
			help.Edits = []diag.Edit{l.replace(s.node.Operands[1].Span, c.sourceCall(h.Acquired).arg(1))}
		}
	}
	d.Helps = append(d.Helps, help)
}

// lockHeldAtExit: the program ends, or leaves for good, while a lock is held
// (check_resource_leak; in older kernels do_check).
func lockHeldAtExit(c *Case, d *diag.Diagnostic) {
	h, ok := c.innermost(verifierlog.ResLock)
	d.Message = "a lock is still held here"
	primary(d, "still locked here")
	if !ok {
		return
	}
	if h.name != "" {
		d.Message = quote(h.name) + " is still held " + c.whereto()
	}
	c.leak(d, h)
}

// whereto says what the path ends with, for a headline.
func (c *Case) whereto() string {
	s := c.Path.Step(c.last)
	switch {
	case s.Op == verifierlog.OpExit && s.Frame == 0:
		return "when the program returns"
	case s.Op == verifierlog.OpExit:
		return "when the function returns"
	case s.Op == verifierlog.OpCall && len(s.Func) > 0:
		return "when " + quote(sourceName(string(s.Func))) + " is called"
	}
	return "here"
}

// secondLock: process_spin_lock, one lock is held already.
func secondLock(c *Case, d *diag.Diagnostic) {
	h, ok := c.innermost(verifierlog.ResLock)
	d.Message = "a second lock while another is held"
	primary(d, "a second lock")
	if ok && h.name != "" {
		d.Message = "a second lock while " + quote(h.name) + " is held"
	}
	if ok {
		c.tell(d, h.Acquired, verifierlog.Reg(0, 1), "locked here, and still held")
	}
	if strings.Contains(c.match.Text, "AA deadlock") {
		d.Message = "the same lock is taken a second time"
		if name := c.objectPhrase(1, ""); name != "" {
			d.Message = name + " is locked already"
		}
		primary(d, "would wait for itself for ever")
	} else {
		d.Notes = append(d.Notes, "a program may hold one `bpf_spin_lock` at a time, so that no two programs can wait for each other")
	}
	if strings.Contains(c.match.Text, "AA deadlock") {
		d.Helps = append(d.Helps, diag.Help{Text: "take the lock in one of the two places only", Applicability: diag.Placeholder})
	} else if ok && h.release != "" {
		help := diag.Help{Text: "unlock the first before that", Applicability: diag.Placeholder}
		help.Edits = c.insertion(c.last, h)
		d.Helps = append(d.Helps, help)
	}
}

// callWhileLocked: what a called function does is not known to the verifier, or
// may take longer than a lock may be held (check_helper_call, check_func_call).
func callWhileLocked(c *Case, d *diag.Diagnostic) {
	s := c.Path.Step(c.last)
	if string(s.Func) == "bpf_spin_lock" {
		secondLock(c, d)
		return
	}
	callee := "a function"
	if s.Op == verifierlog.OpCall && len(s.Func) > 0 {
		callee = quote(sourceName(string(s.Func)))
	} else if name := c.calledFunction(); name != "" {
		callee = quote(name)
	}
	kind, while := verifierlog.ResLock, "a lock is held"
	if strings.Contains(c.match.Text, "preemption") {
		kind, while = verifierlog.ResPreempt, "preemption is disabled"
	}
	primary(d, "called while "+while)
	if h, ok := c.innermost(kind); ok {
		if kind == verifierlog.ResLock && h.name != "" {
			while = quote(h.name) + " is held"
		}
		c.tell(d, h.Acquired, verifierlog.Reg(0, 1), h.got)
	}
	d.Message = callee + " cannot be called while " + while
	if strings.HasPrefix(c.match.Text, "global function") {
		d.Notes = append(d.Notes, "a global function is verified on its own, so the verifier does not look at what it does here")
		d.Helps = append(d.Helps, diag.Help{Text: "make the function `static`, or call it outside", Applicability: diag.Placeholder})
		return
	}
	d.Notes = append(d.Notes, "while a lock is held a program may call little but the unlock and, in newer kernels, the functions of lists and trees")
	var edits []diag.Edit
	if h, ok := c.innermost(kind); ok {
		edits = c.moveBefore(c.Path.Insn(c.last), h.Acquired)
	}
	offer(d, "make the call before the lock is taken or behind the unlock", diag.Likely, edits)
}

// calledFunction is the name of the function of the program that the last step calls;
// logs have only where it begins.
func (c *Case) calledFunction() string {
	s := c.Path.Step(c.last)
	if s.Op != verifierlog.OpCall || s.Call != verifierlog.CallSubprog || s.Target < 0 {
		return ""
	}
	fn, i, ok := c.function(s.Target)
	if !ok || i != 0 {
		return ""
	}
	return fn.Name
}
