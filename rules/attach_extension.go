package rules

import (
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
)

var (
	_ = rule("BPF0716", extensionTarget)
	_ = rule("BPF0717", extensionSignature)
)

// extensionTarget: an freplace program cannot take that function's place
// (bpf_check_attach_target in kernel/bpf/verifier.c).
func extensionTarget(c *Case, d *diag.Diagnostic) {
	target := c.hook()
	what := "the target"
	if target != "" {
		what = quote(target)
	}
	d.Message = what + " cannot be replaced by " + quote(c.Program.Name)
	why, help := "", ""
	switch t := c.match.Text; {
	case strings.Contains(t, "static functions"):
		why, help = "it is static in the target program", "make it global there: no `static`, but `__noinline`"
	case strings.Contains(t, "kernel functions"):
		why, help = "it is a function of the kernel", "`freplace` replaces functions of eBPF programs; give the target program when loading (`bpf_program__set_attach_target`)"
	case strings.Contains(t, "extend fentry"):
		why, help = "it belongs to an `fentry` or `fexit` program", "change that program itself"
	case strings.Contains(t, "changes packet data"):
		why, help = "this program may move the packet, the function that it replaces may not", "leave out helpers that change the packet's size, or call one of them in the original, too"
	case strings.Contains(t, "may sleep"):
		why, help = "this program may sleep, the function that it replaces may not", "leave out what sleeps, or have the original sleep, too"
	case strings.Contains(t, "JITed"):
		why, help = "extensions need the JIT", "turn the JIT on: `sysctl net.core.bpf_jit_enable=1`"
		d.Class = diag.ClassEnvironment
	case strings.Contains(t, "requires BTF"):
		why, help = "the extension has no BTF", "compile with `-g`"
	default:
		why = "this function is refused"
	}
	c.markSection(d, why)
	if help != "" {
		d.Helps = append(d.Helps, diag.Help{Text: help})
	}
}

// extensionSignature: the replacement is not declared as the original
// (btf_check_func_type_match in kernel/bpf/btf.c).
func extensionSignature(c *Case, d *diag.Diagnostic) {
	d.Message = quote(c.Program.Name) + " has another signature than the function it replaces"
	if target := c.hook(); target != "" {
		d.Message = quote(c.Program.Name) + " has another signature than " + quote(target) + ", which it replaces"
	}
	why := "the signatures differ"
	n := c.numbers()
	switch t := c.match.Text; {
	case strings.Contains(t, "not a global function"):
		fn, _, _ := strings.Cut(t, "(")
		d.Message = quote(fn) + " is static, and only global functions can be replaced, or replace"
		why = "one of both functions is static"
	case strings.Contains(t, "args while"):
		why = "the number of parameters differs"
	case strings.HasPrefix(t, "Return type"):
		why = "the type of the result differs"
	case strings.Contains(t, "has size"):
		why = "the size of a parameter differs"
	case strings.Contains(t, "pointer to context"):
		why = "a parameter is no pointer to the context"
	case strings.Contains(t, "doesn't match"), strings.Contains(t, " is "):
		why = "the type of a parameter differs"
	case strings.Contains(t, "unrecognized"):
		why = "a parameter is neither a number nor a pointer"
	}
	if len(n) > 0 && strings.HasPrefix(c.match.Text, "arg") {
		if s := c.signature(); s.arg >= 0 {
			if s.fn = c.functionNamed(c.Program.Name); s.fn != nil {
				s.parameter(c.Object)
				c.markSignature(d, &s, why)
				d.Helps = append(d.Helps, sameSignature())
				return
			}
		}
	}
	if fn := c.functionNamed(c.Program.Name); fn != nil {
		s := signature{fn: fn, arg: -1}
		c.markSignature(d, &s, why)
	}
	primary(d, why)
	d.Helps = append(d.Helps, sameSignature())
}

func sameSignature() diag.Help {
	return diag.Help{Text: "declare it as the original is: the same parameters in number, size and type, and the same result"}
}
