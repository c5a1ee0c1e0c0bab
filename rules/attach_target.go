package rules

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
)

var (
	_ = rule("BPF0710", targetMissing)
	_ = rule("BPF0711", targetRefused)
	_ = rule("BPF0712", targetSignature)
	_ = rule("BPF0715", targetProgram)
	_ = rule("BPF0720", structOpsMember)
)

// hook is what the program's section says it attaches to: "file_open" of
// "lsm/file_open"; "" if it says nothing.
func (c *Case) hook() string {
	_, target, _ := strings.Cut(c.Program.Section, "/")
	return target
}

// markSection makes the program's section name the primary label, the line of
// its head where there is no SEC() in the source. The verifier stopped at no
// instruction: it looks at the target first (bpf_check_attach_target).
func (c *Case) markSection(d *diag.Diagnostic, text string) {
	fn := c.functionNamed(c.Program.Name)
	if fn == nil {
		primary(d, text)
		return
	}
	l, ok := c.functionLabel(fn, text)
	if !ok {
		if l, ok = c.label(0, text); !ok {
			return
		}
	}
	l.Primary = true
	if f, whole := c.files[l.File]; whole {
		// The section stands in front of the function's name, often on the line before.
		if at, known := f.Offset(l.Line, max(l.Column, 1)); known {
			from := max(0, at-400)
			if line := strings.IndexByte(f.text[at:], '\n'); line >= 0 {
				at += line
			}
			quoted := `SEC\(\s*("` + regexp.QuoteMeta(c.Program.Section) + `")\s*\)`
			all := regexp.MustCompile(quoted).FindAllStringSubmatchIndex(f.text[from:at], -1)
			if n := len(all); n > 0 && !strings.Contains(f.text[from+all[n-1][1]:at], "}") {
				l.Line, l.Column = f.Position(from + all[n-1][2])
				l.EndLine, l.EndColumn = f.Position(from + all[n-1][3])
				l.Source = ""
			}
		}
	}
	d.Labels = []diag.Label{l}
	d.Function = l.Function
}

// target is the function that a complaint names.
func (c *Case) target() string {
	for _, r := range [...]*regexp.Regexp{
		regexp.MustCompile(`function '(\w+)'`), regexp.MustCompile(`function (\w+)`), regexp.MustCompile(`^(\w+)\(\)`),
		regexp.MustCompile(`disabled hook (\w+)`), regexp.MustCompile(`Subprog (\w+)`),
	} {
		if m := r.FindStringSubmatch(c.match.Text); m != nil && m[1] != "functions" {
			return strings.TrimPrefix(m[1], "bpf_lsm_")
		}
	}
	return c.hook()
}

// targetMissing: what the program attaches to is not there.
func targetMissing(c *Case, d *diag.Diagnostic) {
	target := c.target()
	d.Message = "what " + quote(c.Program.Name) + " attaches to was not found"
	if target != "" {
		d.Message = quote(target) + ", which " + quote(c.Program.Name) + " attaches to, was not found"
	}
	why, help := "there is no such target", "look the name up in the kernel's types: `bpftool btf dump file /sys/kernel/btf/vmlinux | grep FUNC`"
	switch t := c.match.Text; {
	case strings.Contains(t, "address of function"):
		why, help = "the kernel's types have this function, its symbols do not", "the compiler has inlined it, or given it another name (`.isra.0`): attach to one of its callers, which `/proc/kallsyms` has"
	case strings.Contains(t, "Subprog"):
		why, help = "the target program has no such function", "name a function that the target program has and does not inline (`__noinline`)"
	case strings.Contains(t, "must provide"):
		why, help = "no target was given", "name it in the section, such as `SEC(\"fentry/do_unlinkat\")`, or call `bpf_program__set_attach_target` before the object is loaded"
	case strings.Contains(t, "not a function"):
		why = "the target is no function"
	case strings.Contains(t, "typedef"), strings.Contains(t, "wrong type name"):
		why, help = "the target is no tracepoint", "name a tracepoint, as `/sys/kernel/tracing/available_events` has them behind the colon"
	}
	c.markSection(d, why)
	d.Helps = append(d.Helps, diag.Help{Text: help})
}

// targetRefused: the target is there, and not for programs of this kind.
func targetRefused(c *Case, d *diag.Diagnostic) {
	target := c.target()
	d.Message = "programs of this kind cannot attach to " + quote(target)
	why, help := "this target is refused", ""
	switch t := c.match.Text; {
	case strings.Contains(t, "not modifiable"):
		d.Message = quote(target) + " is no function whose result a program may change"
		why, help = "`fmod_ret` is refused here", "`fmod_ret` is for functions named `security_…`, and those that the kernel marks for error injection (`ALLOW_ERROR_INJECTION`): attach to one of them, or only observe with `fexit`"
	case strings.Contains(t, "disabled hook"):
		d.Message = "the LSM hook " + quote(target) + " is not open to programs"
		why, help = "this hook is disabled", "attach to another hook that is called in the same operation; hooks that only fetch data of other modules are disabled"
	case strings.Contains(t, "noreturn"):
		d.Message = quote(target) + " does not return, so a program cannot run when it does"
		why, help = "a program at the return would never run", "attach where the function begins: `fentry/"+target+"`"
		c.markSection(d, why)
		h := diag.Help{Text: help, Applicability: diag.Likely}
		if e, ok := c.otherSection(d, "fentry/"+target); ok {
			h.Edits = []diag.Edit{e}
		}
		d.Helps = append(d.Helps, h)
		return
	case strings.Contains(t, "tracing programs"):
		d.Message = "tracing programs cannot attach to " + quote(target)
		why, help = "this function is on the kernel's list of those not to be traced", "a program is entered and left by this function, which would call it again: attach to a caller, or use a tracepoint"
	}
	c.markSection(d, why)
	d.Helps = append(d.Helps, diag.Help{Text: help})
}

// otherSection makes the edit that changes the section that is marked.
func (c *Case) otherSection(d *diag.Diagnostic, section string) (e diag.Edit, ok bool) {
	for _, l := range d.Labels {
		f, whole := c.files[l.File]
		if !l.Primary || !whole || l.EndLine != l.Line {
			continue
		}
		at, known := f.Offset(l.Line, l.Column)
		if known && strings.HasPrefix(f.text[at:], "SEC(") {
			return editLabel(l, fmt.Sprintf("SEC(%q)", section)), true
		}
	}
	return e, false
}

// targetSignature: the target has arguments or a result that a trampoline
// cannot pass on (btf_distill_func_proto in kernel/bpf/btf.c).
func targetSignature(c *Case, d *diag.Diagnostic) {
	target := quote(c.target())
	what := "a signature"
	switch t := c.match.Text; {
	case strings.Contains(t, "Too many"):
		what = "more arguments"
	case strings.Contains(t, "variable args"):
		what = "a variable number of arguments"
	case strings.Contains(t, "return type"), strings.Contains(t, "return value"):
		what = "a result"
	case strings.Contains(t, " arg"):
		what = "an argument"
	case strings.Contains(t, "ret type"):
		what = "a result"
	}
	d.Message = target + " has " + what + " that tracing programs cannot take"
	if what == "more arguments" {
		d.Message = target + " has more arguments than tracing programs can take"
	}
	c.markSection(d, "this function has "+what+" that no trampoline passes on")
	if what == "more arguments" {
		c.markSection(d, "this function has too many arguments")
	}
	d.Helps = append(d.Helps, diag.Help{Text: "attach a kprobe (`SEC(\"kprobe/" + strings.Trim(target, "`") + "\")`), which needs no signature, or a function that is called with the same data"})
}

// targetProgram: a program attaches to another one in a way that is not allowed.
func targetProgram(c *Case, d *diag.Diagnostic) {
	d.Message = quote(c.Program.Name) + " cannot attach to that eBPF program"
	why, help := "this target is refused", ""
	switch t := c.match.Text; {
	case strings.Contains(t, "JITed"):
		d.Message = "the program that " + quote(c.Program.Name) + " attaches to has no machine code"
		why, help = "the target is interpreted", "turn the JIT on (`sysctl net.core.bpf_jit_enable=1`) before the target is loaded"
		d.Class = diag.ClassEnvironment
	case strings.Contains(t, "annotated with BTF"):
		why, help = "the target has no BTF", "compile the target with `-g`, and load it with a loader that passes BTF on"
	case strings.Contains(t, "recursively"), strings.Contains(t, "nest"):
		why, help = "the target is itself attached to a program", "attach to the program that the target is attached to"
	case strings.Contains(t, "Only FENTRY"):
		why, help = "only `fentry`, `fexit` and `fsession` programs can", "use `fentry` or `fexit`, or `freplace` to replace a function"
	case strings.Contains(t, "modify return codes"):
		why, help = "`fmod_ret` is for kernel functions", "replace the function with `freplace`, or observe it with `fexit`"
	case strings.Contains(t, "arena"):
		why, help = "the target has arguments in its arena", "attach to a function that the target calls"
	case strings.Contains(t, "device"):
		why, help = "one of both is bound to a network device, the other is not, or to another one", "bind both to the same device"
	}
	c.markSection(d, why)
	if help != "" {
		d.Helps = append(d.Helps, diag.Help{Text: help})
	}
}

// structOpsMember: the member of the structure is none that a program can be.
func structOpsMember(c *Case, d *diag.Diagnostic) {
	m := regexp.MustCompile(`(?:unsupported|invalid) member (\w+).* of struct (\w+)`).FindStringSubmatch(c.match.Text)
	why := "this member is none for programs"
	switch {
	case m != nil && strings.Contains(c.match.Text, "unsupported"):
		d.Message = fmt.Sprintf("the kernel does not take a program as `%s` of `struct %s`", m[1], m[2])
		why = fmt.Sprintf("`%s` is none for programs", m[1])
		help := fmt.Sprintf("leave `.%s` out of the structure: the kernel does without, or has its own", m[1])
		if strings.HasPrefix(c.Program.Section, "struct_ops.s") {
			why = fmt.Sprintf("`%s` is none for sleepable programs", m[1])
			help = fmt.Sprintf("make it a program that does not sleep, `SEC(\"struct_ops/%s\")`, if this kernel takes one there", m[1])
		}
		d.Notes = append(d.Notes, fmt.Sprintf("the code behind `struct %s` decides which of its members programs may be, and whether they may sleep", m[2]))
		c.markSection(d, why)
		if e, ok := c.otherSection(d, "struct_ops/"+m[1]); ok && strings.HasPrefix(c.Program.Section, "struct_ops.s") {
			offer(d, help, diag.Likely, []diag.Edit{e})
			return
		}
		offer(d, help, diag.Placeholder, c.withoutMember(m[1]))
		return
	case m != nil:
		d.Message = fmt.Sprintf("`%s` of `struct %s` is no function", m[1], m[2])
		d.Helps = append(d.Helps, diag.Help{Text: "assign a value to it instead of a program"})
	case strings.Contains(c.match.Text, "module"):
		d.Message = "the kernel module with this `struct_ops` is not loaded"
		d.Class = diag.ClassEnvironment
		d.Helps = append(d.Helps, diag.Help{Text: "load the module first"})
	default:
		d.Message = quote(c.Program.Name) + " is no program of a `struct_ops` structure"
		d.Helps = append(d.Helps, diag.Help{Text: "assign the program to a member of a structure in `SEC(\".struct_ops\")` that the kernel has (`bpftool btf dump file /sys/kernel/btf/vmlinux`)"})
	}
	c.markSection(d, why)
}
