package rules

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/verifierlog"
)

var (
	_ = rule("BPF0601", infiniteLoop)
	_ = rule("BPF0602", loopNotAllowed)
	_ = rule("BPF0605", analysisLimit)
	_ = rule("BPF0606", recursion)
	_ = rule("BPF0607", tooLong)
)

// infiniteLoop: the path comes back to an instruction in the very state in
// which it was there before (is_state_visited in kernel/bpf/verifier.c).
func infiniteLoop(c *Case, d *diag.Diagnostic) {
	d.Message = "this loop does not end, as far as the verifier can tell"
	primary(d, "the loop comes back here in the same state")
	if len(c.match.Fields) == 0 {
		return
	}
	head, err := strconv.Atoi(c.match.Fields[0])
	if err != nil || c.last < 0 {
		return
	}
	first, back := -1, head
	if visits := c.Path.Visits(head); len(visits) > 0 {
		first = visits[len(visits)-1]
	}
	for i := first; i >= 0 && i <= c.last; i++ {
		if c.Path.Step(i).Frame == c.Path.Step(first).Frame {
			back = max(back, c.Path.Insn(i))
		}
	}
	loop, known := c.loopOf(head, back)
	same := "nothing that the verifier keeps track of changes in a pass"
	if known {
		c.markLoop(d, &loop)
		primary(d, same)
	} else if head == back {
		primary(d, fmt.Sprintf("instruction %d leads back to itself, and %s", head, same))
	} else {
		primary(d, fmt.Sprintf("the instructions %d to %d are a loop, and %s", head, back, same))
	}
	for _, i := range c.Path.Branches(max(first, 0), c.last+1) {
		insn := c.Path.Insn(i)
		if first < 0 || known && c.inHead(&loop, insn) {
			continue
		}
		s := c.Path.Step(i)
		if v, ok := c.Path.Before(i, verifierlog.Reg(s.Frame, s.Dst)); ok && v.Base == verifierlog.Scalar && !v.Const && known {
			c.tell(d, i, verifierlog.Reg(s.Frame, s.Dst), "this may decide the same way each time")
			break
		}
	}
	for i := max(first, 0); i <= c.last; i++ {
		if _, stack := c.Path.StackSlot(i); c.Path.Step(i).Op == verifierlog.OpLoad && !stack {
			d.Notes = append(d.Notes, "the verifier does not keep what memory holds, except of the stack: a value that is read anew is any number again")
			break
		}
	}
	if known {
		if h, ok := c.asRepeat(&loop); ok {
			d.Helps = append(d.Helps, h)
			return
		}
	}
	d.Helps = append(d.Helps, diag.Help{Text: "count the passes in a local variable and stop at a constant, or loop with " + c.loopForms()})
}

// loopNotAllowed: a jump backwards, without the right to have loops (check_cfg).
func loopNotAllowed(c *Case, d *diag.Diagnostic) {
	d.Message = "without CAP_BPF a program cannot have loops"
	primary(d, "the loop's end")
	if len(c.match.Fields) == 2 {
		if from, err := strconv.Atoi(c.match.Fields[0]); err == nil {
			if l, ok := c.label(from, "jumps back"); ok {
				l.Primary = true
				d.Labels = []diag.Label{l}
			}
			if to, err := strconv.Atoi(c.match.Fields[1]); err == nil {
				if loop, ok := c.loopOf(to, from); ok {
					c.markLoop(d, &loop)
					primary(d, "this loop is left in the program")
				}
			}
		}
	}
	d.Notes = append(d.Notes, "loops came with Linux 5.3, for loaders with CAP_BPF (before 5.8 CAP_SYS_ADMIN)")
	suggest(d, "load it with CAP_BPF, or have the compiler unroll the loop: `#pragma unroll` in front of a loop with a constant number of passes")
}

// recursion: a function calls itself, directly or by others
// (check_max_stack_depth and bpf_compute_subprog_arg_access say it alike).
func recursion(c *Case, d *diag.Diagnostic) {
	d.Message = "a function calls itself"
	primary(d, "the call")
	if f := c.match.Fields; len(f) == 2 {
		if f[0] == f[1] {
			d.Message = quote(f[0]) + " calls itself"
		} else {
			d.Message = quote(f[1]) + " calls itself, by way of " + quote(f[0])
		}
		if fn, i, at, ok := c.callOf(f[0], f[1]); ok {
			c.labelAt(d, fn, i, at, quote(f[1])+" is under way when this is called")
		} else {
			c.labelFunction(d, f[0], "calls "+quote(f[1]))
		}
	}
	d.Notes = append(d.Notes, "the kernel's stack is small, so the deepest chain of calls has to be known before a program runs")
	arena := ", or an arena since Linux 6.9"
	if c.before("6.9") {
		arena = ""
	}
	d.Helps = append(d.Helps, diag.Help{Text: "make it a loop with an own stack in an array (a per-CPU map" + arena + "), or pass a bounded depth to `bpf_loop`"})
}

// analysisLimit: an analysis in front of the walk gave up.
func analysisLimit(c *Case, d *diag.Diagnostic) {
	d.Message = "an analysis of the verifier gave up on " + quote(c.Program.Name)
	if strings.Contains(c.match.Text, "liveness") {
		d.Message = "the calls in " + quote(c.Program.Name) + " are too many for the verifier's analysis of the stack"
		if len(c.match.Fields) > 0 {
			d.Notes = append(d.Notes, "static functions are analysed anew at each call on each way to them, "+c.match.Fields[0]+" times at the most")
		}
	}
	if primary(d, "the analysis gave up here"); len(d.Labels) == 0 {
		c.labelFunction(d, c.Program.Name, "its calls, and theirs, are too many")
	}
	d.Helps = append(d.Helps, diag.Help{Text: "make functions that are called from many places global (not `static`, `__noinline`), which are analysed once; or do not pass pointers to the stack through several of them"})
}

// tooLong: code that the kernel adds makes a jump longer than 16 bits hold
// (adjust_insn_aux_data, bpf_patch_insn_data).
func tooLong(c *Case, d *diag.Diagnostic) {
	d.Message = "a jump in " + quote(c.Program.Name) + " became longer than 16 bits after the kernel's rewrites"
	primary(d, "what is added here moves the jump's target out of reach")
	if len(c.match.Fields) > 0 {
		if insn, err := strconv.Atoi(c.match.Fields[0]); err == nil && d.Insn == nil {
			if l, ok := c.label(insn, "what is added here moves the jump's target out of reach"); ok {
				l.Primary = true
				d.Labels = []diag.Label{l}
			}
		}
	}
	help := "split the function: a part in a `__noinline` function of its own makes the jumps shorter"
	if !c.before("6.6") {
		help += "; or compile with `-mcpu=v4`, which has long jumps (since Linux 6.6)"
	}
	d.Helps = append(d.Helps, diag.Help{Text: help})
}
