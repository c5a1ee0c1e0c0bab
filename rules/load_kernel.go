package rules

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/lazyregexp"
	"github.com/bpfdiag/bpfdiag/internal/loaderror"
	"github.com/bpfdiag/bpfdiag/internal/sourcetext"
)

// missingField: a CO-RE relocation found no candidate, and the verifier got to
// the instruction that libbpf then makes an invalid call (bpf_core_poison_insn).
func missingField(c *Case, f *Failure, d *diag.Diagnostic) {
	typ, field, _ := strings.Cut(f.Name, ".")
	if f.What == loaderror.Enumerator {
		i := strings.LastIndexByte(f.Name, ' ')
		typ, field = f.Name[:i], f.Name[i+1:]
	}
	guard, message := "bpf_core_field_exists("+typ+", "+field+")", quote(f.Name)+" does not exist in Linux "+f.Kernel
	needs := "needs to know where the field is in this kernel"
	switch {
	case f.What == loaderror.Enumerator:
		guard = "bpf_core_enum_value_exists(" + typ + ", " + field + ")"
		message = fmt.Sprintf("%s of `%s` does not exist in Linux %s", quote(field), typ, f.Kernel)
		needs = "needs to know the enumerator's value in this kernel"
	case f.Exists:
		message = fmt.Sprintf("%s has another type in Linux %s", quote(f.Name), f.Kernel)
	case f.NoType:
		guard = "bpf_core_type_exists(" + typ + ")"
		message = fmt.Sprintf("`%s` does not exist in Linux %s", typ, f.Kernel)
		needs = "needs to know where a field of `" + typ + "` is in this kernel"
	}
	d.Message = message
	primary(d, needs)
	c.markField(f, d, field, needs)
	if len(f.Similar) > 0 {
		sentences(d, fmt.Sprintf("Linux %s has %s there", f.Kernel, quoted(f.Similar)))
	}
	f.elsewhere(d)
	if f.Exists {
		d.Class = diag.ClassSource
		d.Helps = append(d.Helps, diag.Help{Text: "declare the field with the kind of type that the kernel gives it (an integer, a pointer, a structure)", Applicability: diag.Placeholder})
		return
	}
	sentences(d, "no check of its existence keeps the verifier from getting here")
	h := c.existenceGuard(f, d, guard, "bpf/bpf_core_read.h", "where the kernel has it")
	if len(f.Similar) > 0 {
		// It would do nothing on any newer kernel: what is there in its place has to be read there.
		h = atMost(h, diag.Placeholder)
	}
	d.Helps = append(d.Helps, h)
}

// markField makes the field's name in the source the primary label where the
// relocated instruction is said to be of another place: compilers move the
// load of an offset, and those of inlined functions have the caller's line. It
// has to be the only mention as a member in the function.
func (c *Case) markField(f *Failure, d *diag.Diagnostic, field, text string) {
	if f.Insn < 0 || len(d.Labels) == 0 {
		return
	}
	field = field[strings.LastIndexByte(field, '.')+1:]
	field, _, _ = strings.Cut(field, "[")
	field, _, _ = strings.Cut(field, "___")
	at, file, ok := c.source(f.Insn)
	if !ok || field == "" {
		return
	}
	word := regexp.MustCompile(`\b` + regexp.QuoteMeta(field) + `(___\w+)?\b`)
	if inBody := at.Span.Start >= at.Function.Body.Start; inBody && word.MatchString(file.Text(at.Span)) {
		return
	}
	p, _ := c.place(f.Insn)
	body := at.Function.Body
	if _, whole := c.files[p.File]; whole && body.End > body.Start {
		if all := mentionsOf(file.Text(body), word); len(all) == 1 {
			l := mark(p.File, file, sourcetext.Span{Start: body.Start + all[0][0], End: body.Start + all[0][1]}, "")
			l.Insn, l.Function, l.InlinedFrom = d.Labels[0].Insn, d.Labels[0].Function, d.Labels[0].InlinedFrom
			markOnly(d, l, text)
			return
		}
	}
	primary(d, "the compiler put an instruction here that "+text)
}

var memberRead = lazyregexp.New(`(?:\.|->|\b(?:BPF_|bpf_)[A-Za-z_]*\((?:[^;]*,)?)\s*$`)

// mentionsOf finds a word in code: as a member, or as an argument of one of
// libbpf's macros that read members, if there are any such, and else anywhere.
func mentionsOf(text string, word *regexp.Regexp) [][]int {
	code := notCode.ReplaceAllStringFunc(text, func(s string) string { return strings.Repeat(" ", len(s)) })
	all := word.FindAllStringIndex(code, -1)
	var members [][]int
	for _, m := range all {
		if memberRead.MatchString(code[:m[0]]) {
			members = append(members, m)
		}
	}
	if len(members) > 0 {
		return members
	}
	return all
}

// isCode says whether a place is not in a comment.
func isCode(file *sourcetext.File, line, column int) bool {
	_, ok := file.At(line, column)
	return ok
}

// existenceGuard advises to leave the function if something does not exist.
func (c *Case) existenceGuard(f *Failure, d *diag.Diagnostic, condition, header, when string) diag.Help {
	h := diag.Help{Text: fmt.Sprintf("get here only %s: `%s` of %s", when, condition, header), Applicability: diag.Placeholder}
	if f.Insn < 0 {
		return h
	}
	leave, how := c.leave(f.Insn)
	e, ok := c.insertBeforePrimary(d, f.Insn, "if (!"+condition+")", "\t"+leave)
	if !ok {
		return h
	}
	h.Edits = []diag.Edit{e}
	if how != diag.Placeholder && strings.Contains(c.files[e.File].text, header) {
		h.Text = "get here only " + when
		h.Applicability = diag.Likely
	}
	return h
}

// missingKfunc: the kernel's BTF has no such function. If it is declared weak
// that matters only where the program calls it (POISON_CALL_KFUNC_BASE in libbpf).
func missingKfunc(c *Case, f *Failure, d *diag.Diagnostic) {
	name := quote(f.Name)
	d.Message = fmt.Sprintf("%s does not exist in Linux %s", name, f.Kernel)
	primary(d, "called here")
	decl, end, declared := c.declaration(f.Name)
	if f.Weak {
		d.Message = fmt.Sprintf("%s is called, but Linux %s does not have it", name, f.Kernel)
		primary(d, "called without a check that it exists")
	}
	if declared {
		text := "declared here, not `__weak`: the program needs it"
		if f.Weak {
			text = "`__weak`: the kernel need not have it"
		}
		markFirst(d, decl, text)
	}
	f.elsewhere(d)
	sentences(d, "a kernel has a kfunc only if the code that defines it is built in, or its module is loaded")
	exists := "bpf_ksym_exists(" + f.Name + ")"
	h := c.existenceGuard(f, d, exists, "libbpf 1.2", "where the kernel has it")
	if name, _, _, ok := c.programFile(); len(h.Edits) > 0 && ok && !mentions(c.files[name].text, "bpf_ksym_exists") {
		// The headers may be older: its address does as well, which is NULL.
		h.Text, h.Edits[0].Replacement = "get here only where the kernel has it", strings.Replace(h.Edits[0].Replacement, exists, f.Name, 1)
	}
	if !f.Weak {
		h.Text = "declare it `__weak`, and call it only where the kernel has it: `" + exists + "`"
		if declared && len(h.Edits) > 0 {
			h.Edits = append([]diag.Edit{{File: decl.File, Start: end, End: end, Replacement: " __weak"}}, h.Edits...)
		} else {
			h.Edits, h.Applicability = nil, diag.Placeholder
		}
	}
	d.Helps = append(d.Helps, h)
}

// missingSymbol: an extern variable, or the address of one.
func missingSymbol(c *Case, f *Failure, d *diag.Diagnostic) {
	d.Message = fmt.Sprintf("%s %s does not exist in Linux %s", f.What, quote(f.Name), f.Kernel)
	primary(d, "used here")
	if decl, _, ok := c.declaration(f.Name); ok {
		markFirst(d, decl, "declared here; a loader refuses the program if the kernel does not have it")
	}
	if f.What == loaderror.KernelVariable && f.Exists {
		untypedVariable(c, f, d)
		return
	}
	f.elsewhere(d)
	if f.What == loaderror.KernelVariable {
		sentences(d, "a variable with a type is looked up in the kernel's BTF, which describes per-CPU variables and mostly no others")
	}
	d.Helps = append(d.Helps, diag.Help{Text: fmt.Sprintf("declare it `__ksym __weak`, and use it only where its address is not NULL: `if (&%s)`", f.Name), Applicability: diag.Placeholder})
}

// missingOption: a __kconfig variable whose option is not set.
func missingOption(c *Case, f *Failure, d *diag.Diagnostic) {
	d.Message = "this kernel was built without " + quote(f.Name)
	primary(d, "its value is read here")
	if decl, end, ok := c.declaration(f.Name); ok {
		markFirst(d, decl, "declared here; a loader refuses the program if the option is not set")
		primaryFirst(d, "its value is read here")
		d.Helps = append(d.Helps, diag.Help{Text: "declare it `__weak`: it then reads as 0 where the option is not set", Applicability: diag.Likely,
			Edits: []diag.Edit{{File: decl.File, Start: end, End: end, Replacement: " __weak"}}})
	} else {
		d.Helps = append(d.Helps, diag.Help{Text: fmt.Sprintf("declare `%s` with `__kconfig __weak`: it then reads as 0 where the option is not set", f.Name), Applicability: diag.Placeholder})
	}
}

// missingTarget: what SEC() says to attach to is not in the kernel's BTF.
func missingTarget(c *Case, f *Failure, d *diag.Diagnostic) {
	what := f.What
	if what == loaderror.Function {
		what = "kernel function"
	}
	d.Message = fmt.Sprintf("%s %s does not exist in Linux %s", what, quote(f.Name), f.Kernel)
	if f.What == loaderror.Member {
		typ, member, _ := strings.Cut(f.Name, ".")
		d.Message = fmt.Sprintf("`struct %s` has no member `%s` in Linux %s", typ, member, f.Kernel)
	}
	if l, ok := c.section(); ok {
		markOnly(d, l, "attaches to it")
		if f.What == loaderror.Member || f.What == loaderror.StructOps {
			markOnly(d, l, "is called through it")
		}
	}
	if len(f.Similar) > 0 {
		sentences(d, fmt.Sprintf("Linux %s has %s", f.Kernel, quoted(f.Similar)))
	}
	if len(f.Similar) == 0 || len(f.Have) > 0 { // what no kernel has is more likely misspelt
		f.elsewhere(d)
	}
	if edits := c.otherTarget(f); edits != nil {
		offer(d, "attach to "+quote(f.Similar[0]), diag.Likely, edits)
		return
	}
	help := "make the program optional with SEC(\"?" + c.Program.Section + "\") and have the loader load it only where its target exists"
	switch f.What {
	case loaderror.Function:
		sentences(d, "a function that the kernel's compiler inlined everywhere, or renamed (`name.isra.0`), cannot be attached to by its name")
	case loaderror.Module:
		sentences(d, "the kernels that bpfdiag builds load no modules")
	case loaderror.Tracepoint:
		help = "see /sys/kernel/tracing/events for the tracepoints that a kernel has, or " + help
	case loaderror.Member:
		help = "have the loader set the member to NULL where the kernel does not have it, as libbpf then leaves the program out"
	case loaderror.StructOps:
		help = "load this program only where the kernel has the structure"
	}
	d.Helps = append(d.Helps, diag.Help{Text: help, Applicability: diag.Placeholder})
}

// otherTarget is the edit of a section whose target is misspelt: that is likely if
// there is one name like it, and no kernel that is here has the other.
func (c *Case) otherTarget(f *Failure) []diag.Edit {
	section := c.Program.Section
	if len(f.Similar) != 1 || len(f.Have) > 0 || f.Name == "" || strings.Count(section, f.Name) != 1 {
		return nil
	}
	return c.sectionEdit(strings.Replace(section, f.Name, f.Similar[0], 1))
}

// missingJumpTables: a switch became a table, which is a map of a type that
// Linux has since 6.19.
func missingJumpTables(c *Case, f *Failure, d *diag.Diagnostic) {
	d.Class = diag.ClassEnvironment
	d.Message = "Linux " + f.Kernel + " has no jump tables"
	primary(d, "this `switch` or computed `goto` became a jump table")
	f.elsewhere(d)
	d.Helps = append(d.Helps, diag.Help{Text: "compile with `-fno-jump-tables`", Applicability: diag.Likely})
}
