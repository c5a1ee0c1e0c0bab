package rules

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/verifierlog"
)

var (
	_ = rule("BPF0430", sectionOpen(verifierlog.ResRCU, "the RCU read section is still open"))
	_ = rule("BPF0435", sectionOpen(verifierlog.ResPreempt, "preemption is still disabled"))
	_ = rule("BPF0440", sectionOpen(verifierlog.ResIRQ, "interrupts are still disabled"))
	_ = rule("BPF0431", rcuUnbalanced)
	_ = rule("BPF0432", rcuRequired)
	_ = rule("BPF0436", preemptUnbalanced)
	_ = rule("BPF0445", sleepingCall)
)

// sectionOpen: the program ends, or leaves for good, inside a section
// (check_resource_leak; in older kernels a check for each kind in do_check).
func sectionOpen(kind verifierlog.ResourceKind, what string) func(*Case, *diag.Diagnostic) {
	return func(c *Case, d *diag.Diagnostic) {
		d.Message = what + " " + c.whereto()
		primary(d, "still so here")
		h, ok := c.innermost(kind)
		if !ok {
			return
		}
		c.leak(d, h)
		if n := len(c.openOf(kind)); n > 1 {
			d.Notes = append(d.Notes, fmt.Sprintf("%d calls of %s on this path are not undone", n, quote(h.Func)))
		}
	}
}

// rcuUnbalanced: bpf_rcu_read_unlock without its lock, or, where sections do not
// nest (as in Linux 6.12), a lock inside of one.
func rcuUnbalanced(c *Case, d *diag.Diagnostic) {
	if strings.HasPrefix(c.match.Text, "nested") {
		d.Message = "an RCU read section is open already"
		primary(d, "opened a second time")
		if h, ok := c.innermost(verifierlog.ResRCU); ok {
			c.tell(d, h.Acquired, verifierlog.Reg(0, 0), "opened here")
		}
		d.Notes = append(d.Notes, "RCU read sections do not nest in "+c.linux()+"; they do in later kernels")
		d.Helps = append(d.Helps, diag.Help{Text: "remove the inner `bpf_rcu_read_lock` and its unlock", Applicability: diag.Placeholder})
		return
	}
	d.Message = "`bpf_rcu_read_unlock` without `bpf_rcu_read_lock`"
	primary(d, "no RCU read section is open on this path")
	c.closedBefore(d, verifierlog.ResRCU, "the section ends here already")
}

// preemptUnbalanced: bpf_preempt_enable where preemption is not disabled.
func preemptUnbalanced(c *Case, d *diag.Diagnostic) {
	d.Message = "`bpf_preempt_enable` without `bpf_preempt_disable`"
	primary(d, "preemption is not disabled on this path")
	c.closedBefore(d, verifierlog.ResPreempt, "enabled here already")
}

func (c *Case) closedBefore(d *diag.Diagnostic, kind verifierlog.ResourceKind, text string) {
	r, ok := c.lastReleased(kind)
	if !ok {
		opener := map[verifierlog.ResourceKind]string{verifierlog.ResRCU: "bpf_rcu_read_lock", verifierlog.ResPreempt: "bpf_preempt_disable"}[kind]
		var edits []diag.Edit
		if opener != "" {
			edits = c.always(func(fn string) bool { return fn == opener })
			c.skipped(d, regexp.MustCompile(`\b`+opener+`\s*\(`), "the branch that begins the section is not taken on this path")
		}
		offer(d, "begin the section on every path that comes here, or remove this call", diag.Placeholder, edits)
		return
	}
	primary(d, "ends a section that is not open any more")
	if kind == verifierlog.ResPreempt {
		primary(d, "preemption is not disabled any more")
	}
	if r.Acquired >= 0 {
		c.tell(d, r.Acquired, verifierlog.Reg(0, 0), c.holding(r).got)
	}
	c.tell(d, r.Released, verifierlog.Reg(0, 0), text)
	offer(d, "remove one of the two calls", diag.Placeholder, c.removeCall(c.last))
}

// rcuRequired: a kfunc with KF_RCU_PROTECTED, or an iterator of one, outside of
// a section (check_kfunc_call, is_iter_reg_valid_init).
func rcuRequired(c *Case, d *diag.Diagnostic) {
	fn := c.stopped()
	d.Message = "this call has to be made inside an RCU read section"
	if fn != "" {
		d.Message = quote(fn) + " has to be called inside an RCU read section"
	}
	primary(d, "no RCU read section is open here")
	help := diag.Help{Text: "open the section in front of the call, and close it behind the last use", Applicability: diag.Placeholder}
	if strings.HasPrefix(c.match.Text, "expected an RCU CS") {
		help.Text = "open the section before the iterator is made, and close it behind its destruction"
	}
	if r, ok := c.lastReleased(verifierlog.ResRCU); ok {
		primary(d, "no RCU read section is open any more")
		c.tell(d, r.Released, verifierlog.Reg(0, 0), "the section ends here")
		if strings.HasPrefix(c.match.Text, "expected an RCU CS") {
			d.Notes = append(d.Notes, "an iterator that RCU protects lives in the section in which it was made; it ends with the section")
			help.Text = "keep one section open from the making of the iterator to its destruction"
		} else {
			help.Text = "close the section behind this call"
		}
	} else if !strings.HasPrefix(c.match.Text, "expected an RCU CS") {
		help.Edits = c.openRCU(c.last, nil)
	} else if made := c.iteratorMade(); made >= 0 {
		fn := string(c.Path.Step(made).Func)
		if call := c.sourceCall(made); made != c.last && call.node != nil && !call.loose {
			// The verifier asks when the iterator is used; where it is made the section is missing.
			c.blame(d, call, "the iterator is used here")
			d.Message = quote(fn) + " has to be called inside an RCU read section"
		}
		destroy := strings.TrimSuffix(fn, "_new") + "_destroy"
		help.Edits, help.Applicability = c.openRCU(made, func(fn string) bool { return fn == destroy }), diag.Likely
	}
	if len(help.Edits) == 0 {
		help.Applicability = diag.Placeholder
	}
	d.Helps = append(d.Helps, help)
	d.Notes = append(d.Notes, "a program that may sleep is not inside an RCU read section by itself")
}

// sleepingCall: a helper, kfunc or global function that may sleep, where
// nothing may (check_helper_call, check_kfunc_call, check_func_call).
func sleepingCall(c *Case, d *diag.Diagnostic) {
	fn := c.stopped()
	for _, f := range c.match.Fields {
		if fn == "" && len(f) > 0 {
			fn = sourceName(f)
			break
		}
	}
	var h held
	found := false
	for _, r := range c.Path.Open(c.Path.Len()) {
		if r.Kind != verifierlog.ResReference && r.Acquired >= 0 {
			h, found = c.holding(r), true
		}
	}
	where := "a section in which nothing may sleep"
	if n := len(c.match.Fields); n > 0 {
		if w := sectionPhrase(c.match.Fields[n-1]); w != "" {
			where = w
		}
	}
	d.Message = "this call may sleep, which is not possible in " + where
	if fn != "" {
		d.Message = quote(fn) + " may sleep, which is not possible in " + where
	}
	primary(d, "may sleep")
	if !found {
		return
	}
	c.tell(d, h.Acquired, verifierlog.Reg(0, 0), h.got)
	if edits := c.behindNext(h.fn); edits != nil {
		offer(d, "make the call behind the end of the section", diag.Likely, edits)
	}
	text := "make the call before the section begins, or behind its end"
	switch fn {
	case "bpf_copy_from_user":
		if edits := c.renameCall(fn, "bpf_probe_read_user"); edits != nil {
			offer(d, "call `bpf_probe_read_user`, which fails where the memory is not present", diag.Likely, edits)
			return
		}
		text += "; `bpf_probe_read_user` does not sleep"
	case "bpf_copy_from_user_task":
		text += "; there is no variant that does not sleep"
	}
	if len(d.Helps) == 0 {
		d.Helps = append(d.Helps, diag.Help{Text: text, Applicability: diag.Placeholder})
	}
}

// sectionPhrase is a section as non_sleepable_context_description and the
// messages of older kernels name it.
func sectionPhrase(kernels string) string {
	switch {
	case strings.Contains(kernels, "rcu"), strings.Contains(kernels, "RCU"):
		return "an RCU read section"
	case strings.Contains(kernels, "preempt"):
		return "a section without preemption"
	case strings.Contains(kernels, "IRQ"), strings.Contains(kernels, "irq"):
		return "a section with interrupts disabled"
	case strings.Contains(kernels, "lock"):
		return "a section that holds a lock"
	}
	return ""
}
