package rules

import (
	"fmt"
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/sourcetext"
)

var (
	_ = rule("BPF0703", voidHook)
	_ = rule("BPF0704", setRetval)
)

// voidHook: bpf_set_retval, or a result that denies, in a program of an LSM
// hook that returns nothing (check_helper_call, check_return_code).
func voidHook(c *Case, d *diag.Diagnostic) {
	hook := ""
	if h := c.hook(); h != "" {
		hook = " " + quote(h)
	}
	d.Message = "the hook" + hook + " returns nothing, so " + quote(c.Program.Name) + " cannot set a result"
	primary(d, "sets a result that nobody takes")
	if c.last < 0 || len(c.Path.Step(c.last).Func) == 0 {
		primary(d, "the result")
	}
	d.Notes = append(d.Notes, "the kernel calls this hook to tell that something happens, and asks nobody whether it may")
	var edits []diag.Edit
	if c.stopped() == "bpf_set_retval" {
		edits = c.removeCall(c.last)
	}
	offer(d, "return 1 without `bpf_set_retval`, or attach to a hook that returns `int`, before the event", diag.Likely, edits)
}

// setRetval: what bpf_set_retval is given is no error number (check_helper_call).
func setRetval(c *Case, d *diag.Diagnostic) {
	lo, hi, ok := allowedRange(c.match.Text)
	if !ok {
		return
	}
	what := givenText(c.match.Text)
	if l, found := c.fault(complained(c)); found {
		c.evidence(c.last, l)
		if v, known := c.Path.Before(c.last, l); known {
			what = c.returnText(v)
			if n := c.name(c.last, l); n.Expr != "" && !n.From && !v.Const {
				what = quote(n.Expr) + " (" + what + ")"
			}
			if n := v.Number; v.Const && n > 0 && n <= -lo {
				h := diag.Help{Text: fmt.Sprintf("give the negative error number, -%d", n)}
				if e, ok := c.negate(); ok {
					h.Edits, h.Applicability = []diag.Edit{e}, diag.Likely
					if strings.HasPrefix(c.sourceCall(c.last).arg(1), "E") {
						h.Applicability = diag.Safe
					}
				}
				d.Helps = append(d.Helps, h)
			}
		}
		if k := c.made(c.last, l); k.Step >= 0 {
			if at, _, ok := c.source(c.Path.Insn(k.Step)); ok && !at.InHead && c.Path.Insn(k.Step) != c.Path.Insn(c.last) {
				c.origin(d, c.last, l, "")
			}
		}
	}
	d.Message = fmt.Sprintf("`bpf_set_retval` takes %s here, not %s", allowedText(lo, hi), what)
	primary(d, "is given "+what)
	d.Notes = append(d.Notes, fmt.Sprintf("the system call returns this value, and what is not in %d to %d is no error number", lo, hi))
	if len(d.Helps) == 0 {
		d.Helps = append(d.Helps, diag.Help{Text: "compare the value first, so that only 0 and negative error numbers are left, or give a constant such as -1 (EPERM)"})
	}
}

// negate makes the edit that puts a minus in front of the only argument of the
// call that the verifier stopped at, if it is a name or a number.
func (c *Case) negate() (e diag.Edit, ok bool) {
	arg := c.sourceCall(c.last).operand(1)
	if arg.node == nil || arg.node.Kind != sourcetext.Name && arg.node.Kind != sourcetext.Literal {
		return e, false
	}
	e, ok = c.rewrite(arg, "-")
	e.End = e.Start
	return e, ok
}
