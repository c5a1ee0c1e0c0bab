package rules

import (
	"fmt"
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/verifierlog"
)

var (
	_ = rule("BPF0201", uninitialisedRegister)
	_ = rule("BPF0203", uninitialisedStackArgument)
	_ = rule("BPF0205", undefinedBehaviour)
)

// uninitialisedRegister: check_reg_arg, a register is read that nothing wrote,
// or that a call has cleared.
func uninitialisedRegister(c *Case, d *diag.Diagnostic) {
	d.Message = "this reads a value that was never set on this path"
	primary(d, "never set on this path")
	if len(c.match.Fields) == 0 {
		return
	}
	l, ok := c.fault(c.match.Fields[0])
	if !ok {
		return
	}
	s := c.Path.Step(c.last)
	p, _ := c.place(s.Insn.Index)
	switch {
	case s.Op == verifierlog.OpExit:
		d.Message = "this function returns without a value on this path"
		if p.Function != "" {
			d.Message = quote(p.Function) + " returns without a value on this path"
		}
		primary(d, "no value is returned here")
		if s.Frame == 0 {
			d.Notes = append(d.Notes, "what a program returns is read from r0, which nothing set")
		}
		d.Helps = append(d.Helps, diag.Help{Text: "return a value at the end of every path; `-Wreturn-type` shows where one is missing", Applicability: diag.Placeholder})
		return
	case s.Op == verifierlog.OpCall && l.Reg >= 1 && l.Reg <= 5:
		callee := "this function"
		if fn := c.stopped(); fn != "" {
			callee = quote(fn)
		} else if fn := c.calledFunction(); fn != "" {
			callee = quote(fn)
		}
		d.Message = fmt.Sprintf("argument %d of %s is not set at this call", l.Reg, callee)
		primary(d, fmt.Sprintf("argument %d was never set on this path", l.Reg))
		c.markArgument(d, l.Reg)
		if site := c.sourceCall(c.last); site.node != nil && l.Reg >= len(site.node.Operands) {
			d.Notes = append(d.Notes, fmt.Sprintf("the call has %d arguments, the function takes at least %d", len(site.node.Operands)-1, l.Reg))
			d.Helps = append(d.Helps, diag.Help{Text: "declare the function with all of its parameters, and pass them", Applicability: diag.Placeholder})
			return
		}
	}
	if name := c.name(c.last, l); name.Expr != "" && !name.From && !name.Likely {
		d.Message = quote(name.Expr) + " was never set on this path"
		primary(d, "used here")
	}
	c.cleared(d, l)
}

// cleared tells why a register holds nothing: a call took it away, or the
// program was not given it.
func (c *Case) cleared(d *diag.Diagnostic, l verifierlog.Loc) {
	link := c.Path.Origin(c.last, l)
	switch link.Kind {
	case verifierlog.LinkLost:
		s := c.Path.Step(link.Step)
		what, ends := "this call", "a call leaves its result in r0 and takes away what r1 to r5 held"
		switch s.Op {
		case verifierlog.OpCall:
		case verifierlog.OpLoadAbs, verifierlog.OpLoadInd:
			what, ends = "the load from the packet", "BPF_LD_ABS and BPF_LD_IND leave their result in r0 and take away what r1 to r5 held, as a call does"
		default:
			return
		}
		if fn := string(s.Func); fn != "" {
			what = "the call of " + quote(sourceName(fn))
		}
		d.Message = fmt.Sprintf("r%d holds nothing here: %s cleared it", l.Reg, what)
		primary(d, fmt.Sprintf("r%d is read here", l.Reg))
		c.tell(d, link.Step, l, "clears r1 to r5")
		d.Notes = append(d.Notes, ends)
	case verifierlog.LinkNone:
		first := verifierlog.Reg(0, l.Reg)
		if l.Frame == 0 && l.Reg >= 2 && l.Reg <= 5 && c.declares(l.Reg) {
			d.Message = fmt.Sprintf("parameter %d of %s is never set", l.Reg, quote(c.Program.Name))
			if name := c.name(c.last, first); name.Expr != "" && !name.From && !name.Likely {
				d.Message = quote(name.Expr) + " is never set: the kernel passes one argument"
			}
			primary(d, "used here")
			d.Notes = append(d.Notes, "a program gets one argument, the context")
			d.Helps = append(d.Helps, diag.Help{Text: "read what you need from the context; for tracing programs the macros `BPF_PROG` and `BPF_KPROBE` do so", Applicability: diag.Placeholder})
		}
	}
}

// declares says whether the program's function declares a parameter that it
// gets in a register beside the first.
func (c *Case) declares(r int) bool {
	fn, i, ok := c.function(c.Path.Insn(c.last))
	if !ok || fn.Name != c.Program.Name {
		return false
	}
	for _, n := range c.debug().Register(fn, i, r) {
		if n.Param == r && !n.Likely {
			return true
		}
	}
	return false
}

// uninitialisedStackArgument: arguments beyond the fifth are on the stack
// (check_stack_arg_read and the checks of calls, Linux 7.3).
func uninitialisedStackArgument(c *Case, d *diag.Diagnostic) {
	f, n := c.match.Fields, 0
	switch text := c.match.Text; {
	case strings.HasPrefix(text, "callee expects") && len(f) == 2:
		if _, err := fmt.Sscan(f[1], &n); err != nil || n < 1 || n > 16 {
			break
		}
		callee := "this call"
		if fn := c.stopped(); fn != "" {
			callee = quote(fn)
		} else if fn := c.calledFunction(); fn != "" {
			callee = quote(fn)
		}
		// "stack arg1" is the sixth.
		d.Message = fmt.Sprintf("argument %d of %s is not set here", n+5, callee)
		primary(d, "takes "+f[0]+" arguments")
		return
	case strings.HasPrefix(text, "func#") && len(f) == 3:
		d.Message = fmt.Sprintf("a function puts %s arguments on the stack, and its calls take %s at most", f[1], f[2])
		primary(d, "more is written than a call takes")
		return
	case strings.HasPrefix(text, "r11 load"):
		d.Message = "an argument is read from the stack after one for another call was written, or after a call"
		primary(d, "read too late")
		return
	}
	d.Message = "this argument on the stack was never set"
	primary(d, "arguments beyond the fifth are passed on the stack")
}

// undefinedBehaviour: clang 21 and later put a call of __bpf_trap where the
// program has no meaning (check_helper_call).
func undefinedBehaviour(c *Case, d *diag.Diagnostic) {
	d.Message = "the compiler found that this code uses a variable that was never set"
	primary(d, "the compiler ended the code here")
	if c.last >= 0 {
		if p, ok := c.place(c.Path.Insn(c.last)); ok && p.Function != "" {
			d.Message = "the compiler found that " + quote(p.Function) + " has no defined meaning on this path"
		}
	}
	d.Notes = append(d.Notes, "clang leaves the rest of a path out when it uses a variable without a value, divides by zero, or runs over the end of a function without a `return`")
	d.Helps = append(d.Helps, diag.Help{Text: "compile with `-Wall -Wextra` and look for variables without a value and for missing `return`", Applicability: diag.Placeholder})
}
