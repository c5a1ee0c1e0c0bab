package rules

import (
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/lazyregexp"
)

var (
	_ = rule("BPF0530", programNotSleepable)
	_ = rule("BPF0531", cannotBeSleepable)
	_ = rule("BPF0532", mapNotForSleepable)
)

// programNotSleepable: what is called may sleep, in a program that cannot
// (in_sleepable in kernel/bpf/verifier.c).
func programNotSleepable(c *Case, d *diag.Diagnostic) {
	name := ""
	for _, f := range c.match.Fields {
		if f, _, _ = strings.Cut(f, "#"); name == "" && strings.Trim(f, "0123456789") != "" {
			name = f
		}
	}
	k := c.callTarget(name)
	d.Message = k.String() + " may sleep, and this program cannot"
	primary(d, "may sleep")
	c.markCall(d, k.Name)
	section := strings.TrimPrefix(c.Program.Section, "?")
	kind, rest, slash := strings.Cut(section, "/")
	if slash {
		rest = "/" + rest
	}
	var help string
	var edits []diag.Edit
	switch kind {
	case "fentry", "fexit", "fmod_ret", "fsession", "lsm", "uprobe", "uretprobe", "uprobe.multi", "uretprobe.multi", "usdt", "iter", "struct_ops":
		help = "make the program sleepable: `SEC(\"" + kind + ".s" + rest + "\")`"
		edits = c.sectionEdit(kind + ".s" + rest)
		switch kind {
		case "fentry", "fexit", "fmod_ret", "lsm":
			help += ", if the kernel lets programs sleep there"
		case "struct_ops":
			help += ", if the kernel may sleep where it calls this member"
		}
	case "tp_btf", "raw_tp", "raw_tracepoint", "tracepoint", "tp":
		help = "attach to a system call's entry with `SEC(\"fentry.s/...\")`, or to its tracepoint in a sleepable section (Linux 7.2)"
	case "kprobe", "kretprobe", "ksyscall", "kretsyscall", "kprobe.multi", "kprobe.session":
		d.Notes = append(d.Notes, "a kprobe program never sleeps; sections of uprobes do with `.s`")
		help = "attach with `SEC(\"fentry.s/...\")` or `SEC(\"lsm.s/...\")` instead"
	}
	if l, ok := c.sectionLabel(); ok && len(edits) > 0 {
		l.Text = "a program of this section cannot sleep"
		d.Labels = append([]diag.Label{l}, d.Labels...)
	}
	instead := withoutSleeping(k.Name)
	if help != "" {
		// The call is what was meant, so this goes first where it is known what to write.
		h := diag.Help{Text: help, Applicability: diag.Placeholder, Edits: edits}
		if edits != nil {
			h.Applicability = diag.Likely
		}
		d.Helps = append(d.Helps, h)
	}
	if instead != "" {
		h := diag.Help{Text: instead, Applicability: diag.Placeholder}
		if h.Edits = c.renameCall(k.Name, sameCall(k.Name, "")); h.Edits != nil {
			h.Applicability = diag.Likely
		}
		d.Helps = append(d.Helps, h)
	}
	if len(d.Helps) == 0 {
		d.Helps = append(d.Helps, diag.Help{Text: "call it from a program whose section ends in `.s`, from a `syscall` program, or from a callback of `bpf_wq_set_callback`", Applicability: diag.Placeholder})
	}
}

// withoutSleeping is what does nearly the same and does not sleep.
func withoutSleeping(name string) string {
	switch name {
	case "bpf_copy_from_user":
		return "call `bpf_probe_read_user`, which fails where the memory is not present"
	case "bpf_copy_from_user_str":
		return "call `bpf_probe_read_user_str`, which fails where the memory is not present"
	}
	return ""
}

// cannotBeSleepable: the loader asks for a sleepable program of a kind, or at a
// target, that is not (can_be_sleepable, bpf_check_attach_target).
func cannotBeSleepable(c *Case, d *diag.Diagnostic) {
	text := c.match.Text
	section := strings.TrimPrefix(c.Program.Section, "?")
	target := ""
	if len(c.match.Fields) > 0 {
		target = c.match.Fields[0]
	}
	plain := strings.Replace(section, ".s/", "/", 1)
	switch {
	case strings.HasSuffix(text, " is not sleepable"):
		d.Message = "a program at " + quote(target) + " cannot sleep"
		d.Notes = append(d.Notes, "programs may sleep at system calls, at functions that allow error injection, and at most LSM hooks")
	case strings.Contains(text, "non-faultable tracepoint"):
		d.Message = "a program at the tracepoint " + quote(target) + " cannot sleep"
		d.Notes = append(d.Notes, "only tracepoints of system calls may sleep (`sys_enter`, `sys_exit` and those of single calls)")
	case strings.HasPrefix(text, "Syscall programs"):
		d.Message = "a `syscall` program has to be loaded as sleepable"
		d.Notes = append(d.Notes, "libbpf sets BPF_F_SLEEPABLE for `SEC(\"syscall\")`; another loader has to")
		return
	default:
		d.Message = "this kind of program cannot sleep"
		if section != "" {
			d.Message = "a program in section " + quote(section) + " cannot sleep"
		}
		d.Notes = append(d.Notes, "programs that may sleep: fentry, fexit, fmod_ret, lsm, iter, uprobe, struct_ops, syscall; which of them depends on the kernel")
	}
	c.markOwnSection(d, "asks for a program that may sleep")
	if edits := c.awakeEdits(); plain != section && edits != nil {
		d.Helps = append(d.Helps, diag.Help{
			Text:          "use `SEC(\"" + plain + "\")`, and `bpf_probe_read_user`, which fails where the memory is not present",
			Applicability: diag.Likely, Edits: append(c.sectionEdit(plain), edits...),
		})
		return
	}
	if plain != section {
		d.Helps = append(d.Helps, diag.Help{Text: "use `SEC(\"" + plain + "\")`, and do without functions that sleep", Applicability: diag.Placeholder, Edits: c.sectionEdit(plain)})
	}
}

var copiesFromUser = lazyregexp.New(`\bbpf_copy_from_user\s*\(`)

// awakeEdits make the program's calls of the helper that waits for memory those
// of its twin that does not; nil without such calls.
func (c *Case) awakeEdits() (edits []diag.Edit) {
	l, ok := c.sectionLabel()
	f, whole := c.files[l.File]
	if !ok || !whole {
		return nil
	}
	at, _ := f.Offset(l.Line, l.Column)
	fn, found := f.Function(at)
	if !found || at > fn.Body.Start {
		return nil
	}
	for _, m := range copiesFromUser.FindAllStringIndex(f.Text(fn.Body), -1) {
		from := fn.Body.Start + m[0]
		edits = append(edits, editOf(l.File, f.Position, from, from+len("bpf_copy_from_user"), sameCall("bpf_copy_from_user", "")))
	}
	return edits
}

// mapNotForSleepable: a map of a type that a sleepable program must not use
// (check_map_prog_compatibility).
func mapNotForSleepable(c *Case, d *diag.Diagnostic) {
	if strings.Contains(c.match.Text, "spin_lock") {
		d.Message = "a program that sleeps cannot use a map with a `bpf_spin_lock` on " + c.linux()
		d.Class = diag.ClassEnvironment
		d.Notes = append(d.Notes, "Linux 6.12 and later allow it")
		return
	}
	d.Message = "a program that sleeps cannot use a map of this type"
	if strings.Contains(c.match.Text, "local storage") {
		d.Notes = append(d.Notes, "it can use arrays, hashes, ring buffers and local storage")
	} else {
		d.Notes = append(d.Notes, "it can use arrays, hashes and ring buffers")
	}
	primary(d, "uses the map")
	c.markOwnSection(d, "a program that may sleep")
	section := strings.TrimPrefix(c.Program.Section, "?")
	var edits []diag.Edit
	if plain := strings.Replace(section, ".s/", "/", 1); plain != section {
		edits = c.sectionEdit(plain)
	}
	offer(d, "use a section without `.s`, or a hash or array map", diag.Placeholder, edits)
}
