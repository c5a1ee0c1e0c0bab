package rules

import (
	"fmt"
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/verifierlog"
)

var (
	_ = rule("BPF0441", irqFlag)
	_ = rule("BPF0442", irqOrder)
)

// irqFlag: the variable that keeps the interrupt state is not on the stack, has
// no state in it, or has one already (process_irq_flag).
func irqFlag(c *Case, d *diag.Diagnostic) {
	n := 0
	if len(c.match.Fields) > 0 {
		n = argumentNumber(c.match.Fields[0])
	}
	object, fn := c.objectPhrase(n, "this variable"), c.stopped()
	c.markArgument(d, n)
	switch {
	case strings.HasPrefix(c.match.Text, "expected uninitialized"):
		d.Message = object + " holds a saved interrupt state already"
		primary(d, "saved into a second time")
		if h, ok := c.innermost(verifierlog.ResIRQ); ok {
			c.tell(d, h.Acquired, verifierlog.Reg(0, 1), "saved here first")
		}
		offer(d, "use a second variable for the inner section, or restore the state first", diag.Likely, c.secondState(n))
	case strings.HasPrefix(c.match.Text, "expected an initialized"):
		d.Message = object + " holds no saved interrupt state here"
		primary(d, "nothing to restore")
		if r, ok := c.lastReleased(verifierlog.ResIRQ); ok {
			c.tell(d, r.Released, verifierlog.Reg(0, 1), "restored here already")
		} else {
			d.Helps = append(d.Helps, diag.Help{Text: "save the state with `bpf_local_irq_save` into this very variable, and do not write to it", Applicability: diag.Placeholder})
		}
	default:
		d.Message = object + " is not a variable on the stack"
		primary(d, "not on the stack")
		what := "the saved interrupt state"
		if fn != "" {
			what = "what " + quote(fn) + " saves or restores"
		}
		d.Notes = append(d.Notes, what+" has to be kept in a local `unsigned long` variable of the program, whose address is passed")
	}
}

// irqOrder: interrupt states are a stack, and those of locks are restored by
// unlocking (unmark_stack_slot_irq_flag, release_irq_state).
func irqOrder(c *Case, d *diag.Diagnostic) {
	fn := c.stopped()
	if strings.HasPrefix(c.match.Text, "irq flag acquired by") {
		d.Message = "this interrupt state has to be restored by the function that belongs to the one that saved it"
		primary(d, "restored by another kind of function")
		if h, ok := c.innermost(verifierlog.ResIRQ); ok {
			c.tell(d, h.Acquired, verifierlog.Reg(0, 1), "saved by "+quote(h.Func))
		}
		d.Notes = append(d.Notes, "`bpf_local_irq_restore` restores what `bpf_local_irq_save` saved, `bpf_res_spin_unlock_irqrestore` what `bpf_res_spin_lock_irqsave` saved")
		return
	}
	object := c.objectPhrase(1, "this interrupt state")
	if strings.HasPrefix(fn, "bpf_res_spin_unlock") {
		object = c.objectPhrase(2, "this interrupt state")
	}
	d.Message = object + " is not what was saved last"
	primary(d, "restored out of order")
	if len(c.match.Fields) == 2 {
		for _, r := range c.Path.Open(c.Path.Len()) {
			if fmt.Sprint(r.ID) == c.match.Fields[0] && r.Acquired >= 0 {
				h := c.holding(r)
				if h.name != "" {
					c.tell(d, r.Acquired, verifierlog.Reg(0, 1), quote(h.name)+" was saved last, here")
					offer(d, "restore "+quote(h.name)+" first", diag.Likely, c.swapRestores(1, h.name))
					return
				}
				c.tell(d, r.Acquired, verifierlog.Reg(0, 1), "saved last, here")
			}
		}
	}
	d.Helps = append(d.Helps, diag.Help{Text: "restore interrupt states in reverse order", Applicability: diag.Placeholder})
}
