package rules

import (
	"fmt"
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/loaderror"
)

// impossibleRelocation: the loader cannot make it, whatever the kernel has
// (bpf_core_calc_relo, bpf_core_patch_insn in tools/lib/bpf/relo_core.c).
func impossibleRelocation(c *Case, f *Failure, d *diag.Diagnostic) {
	d.Class = diag.ClassSource
	d.Message = "the CO-RE relocation of " + quote(f.Name) + " cannot be made"
	primary(d, "relocated here")
	sentences(d, detail(f.Err))
	d.Helps = append(d.Helps, diag.Help{Text: "read the field with `BPF_CORE_READ()`, which leaves its size and place to the loader", Applicability: diag.Placeholder})
}

// detail is the innermost error: what is outside of it the diagnostic says.
func detail(err error) string {
	for {
		inner, ok := err.(interface{ Unwrap() error })
		if !ok || inner.Unwrap() == nil {
			return err.Error()
		}
		err = inner.Unwrap()
	}
}

// mismatchedSymbol: bpf_core_types_are_compat does not hold between the
// declaration and the kernel's function or variable.
func mismatchedSymbol(c *Case, f *Failure, d *diag.Diagnostic) {
	d.Class = diag.ClassSource
	d.Message = fmt.Sprintf("%s is declared with another type than it has in Linux %s", quote(f.Name), f.Kernel)
	primary(d, "used here")
	if f.What == loaderror.Kfunc {
		primary(d, "called here")
	}
	if decl, _, ok := c.declaration(f.Name); ok {
		markFirst(d, decl, "this declaration is not the kernel's")
	}
	help := "declare it as the kernel does: `bpftool btf dump file /sys/kernel/btf/vmlinux format c` prints what it has"
	if f.What == loaderror.Kfunc {
		help += "; for kernels that differ, declare it several times as `" + f.Name + "___old` and the like, `__weak`"
	}
	d.Helps = append(d.Helps, diag.Help{Text: help, Applicability: diag.Placeholder})
}

// mismatchedOption: the value that .config has does not fit the __kconfig variable.
func mismatchedOption(c *Case, f *Failure, d *diag.Diagnostic) {
	d.Message = detail(f.Err)
	primary(d, "used here")
	if decl, _, ok := c.declaration(f.Name); ok {
		markFirst(d, decl, "declared here")
	}
	sentences(d, "options that are y, m or n are `bool`, `char` or `enum libbpf_tristate`; numbers are integers; text is an array of `char`")
}

// undefinedSymbol: an extern that no loader can resolve.
func undefinedSymbol(c *Case, f *Failure, d *diag.Diagnostic) {
	d.Message = quote(f.Name) + " is declared but not defined"
	primary(d, "used here")
	reason := detail(f.Err)
	switch decl, end, ok := c.declaration(f.Name); {
	case strings.Contains(reason, "no __kconfig variable"):
		d.Message = quote(f.Name) + " is no `__kconfig` variable that loaders know"
		if ok {
			markFirst(d, decl, "declared here")
		}
		sentences(d, "their names begin with `CONFIG_`, or are `LINUX_KERNEL_VERSION`, `LINUX_HAS_BPF_COOKIE`, `LINUX_HAS_SYSCALL_WRAPPER`")
	case ok:
		markFirst(d, decl, "declared here, neither `__ksym` nor `__kconfig`")
		d.Helps = append(d.Helps, diag.Help{Text: "if the kernel defines it, say so", Applicability: diag.Placeholder,
			Edits: []diag.Edit{{File: decl.File, Start: end, End: end, Replacement: " __ksym"}}})
		fallthrough
	default:
		sentences(d, "an eBPF program can only call what its object defines, helpers, and kernel functions declared `__ksym`; there is no C library")
		d.Helps = append(d.Helps, diag.Help{Text: "if it is yours, define it in this file, or link the objects with `bpftool gen object`", Applicability: diag.Placeholder})
	}
}

// unknownSection: libbpf finds no program type by the section's name (find_sec_def).
func unknownSection(c *Case, f *Failure, d *diag.Diagnostic) {
	if f.Name == "" {
		d.Message = quote(c.Program.Name) + " has no `SEC()` that says what type of program it is"
		return
	}
	d.Message = "`SEC(\"" + f.Name + "\")` names no program type"
	l, ok := c.section()
	if ok {
		markOnly(d, l, "libbpf knows no such section")
	}
	if len(f.Similar) > 0 {
		name := f.Similar[0]
		h := diag.Help{Text: "write `SEC(\"" + name + "\")`", Applicability: diag.Placeholder}
		if ok {
			h.Edits = []diag.Edit{editLabel(l, `"`+name+`"`)}
			if len(f.Similar) == 1 || len(f.Similar) == 2 && strings.Replace(f.Similar[1], ".s/", "/", 1) == name { // its sleepable form
				h.Applicability = diag.Likely
			}
		}
		d.Helps = append(d.Helps, h)
	}
	if len(f.Similar) > 1 {
		sentences(d, "similar names are "+quoted(f.Similar))
	}
	if len(d.Helps) == 0 {
		d.Helps = append(d.Helps, diag.Help{Text: "use the name of a program type; a loader that sets the type itself may use any, and then the context argument (`struct xdp_md *` and the like) tells it", Applicability: diag.Placeholder})
	}
}

// unnamedTarget: what a program attaches to is set at run time only.
func unnamedTarget(c *Case, f *Failure, d *diag.Diagnostic) {
	kind, _, _ := strings.Cut(strings.TrimPrefix(f.Name, "?"), "/")
	d.Message = "`SEC(\"" + f.Name + "\")` does not say what `" + c.Program.Name + "` attaches to"
	l, ok := c.section()
	if ok {
		markOnly(d, l, "no target")
	}
	switch {
	case f.What == loaderror.StructOps:
		d.Message = "no `struct_ops` variable of the object names " + quote(c.Program.Name)
		primary(d, "called by no structure")
		sentences(d, "the verifier checks a struct_ops program as the member that it is stored in")
		d.Helps = append(d.Helps, diag.Help{Text: "store it in a variable in `SEC(\".struct_ops.link\")`: `.member = (void *)" + c.Program.Name + "`", Applicability: diag.Placeholder})
	case kind == "freplace":
		sentences(d, "a freplace program is verified against the program that it replaces, which is not in this object")
		d.Helps = append(d.Helps, diag.Help{Text: "give it a context argument (`struct xdp_md *` and the like); it is then verified as a program of that type", Applicability: diag.Placeholder})
	default:
		what := f.What
		if what == loaderror.Function {
			what = "kernel function"
		}
		sentences(d, fmt.Sprintf("it is verified against the types of a %s, so the verifier has to know which", what))
		d.Helps = append(d.Helps, diag.Help{Text: fmt.Sprintf("name the %s: `SEC(\"%s/NAME\")`; the loader may still set another one", what, kind), Applicability: diag.Placeholder})
	}
}

// malformedObject is all that has no rule of its own.
func malformedObject(c *Case, f *Failure, d *diag.Diagnostic) {
	primary(d, "found here")
	if f.Function == nil {
		return
	}
	d.Message = fmt.Sprintf("%s: %s", quote(f.Function.Name), detail(f.Err))
	if c.Object != nil && c.Object.Program(f.Name) != nil {
		// bpf_program__record_reloc: "incorrect bpf_call_insn offset", of a function that is not in .text
		d.Class = diag.ClassSource
		d.Message = fmt.Sprintf("%s calls %s, which is a program of its own", quote(f.Function.Name), quote(f.Name))
		primary(d, "called here")
		sentences(d, "a program can call functions without `SEC()`, which become part of it, and no other programs")
		d.Helps = append(d.Helps, diag.Help{Text: "move what both need into a function without `SEC()`, or go on in the other program with `bpf_tail_call()`", Applicability: diag.Placeholder})
	}
}

// tooManyInsns: BPF_COMPLEXITY_LIMIT_INSNS bounds a program before it is verified.
func tooManyInsns(c *Case, f *Failure, d *diag.Diagnostic) {
	d.Message = quote(c.Program.Name) + " is longer than any program that a kernel takes"
	sentences(d, f.Err.Error())
	d.Helps = append(d.Helps, diag.Help{Text: "turn unrolled loops back into loops (`bpf_for`, `bpf_loop`), inlined functions into `__noinline` ones, or split it with tail calls", Applicability: diag.Placeholder})
}
