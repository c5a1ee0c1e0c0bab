package rules

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/sourcetext"
)

// untypedVariable: the kernel has the variable, but its BTF does not: pahole
// describes per-CPU variables only, unless it is told otherwise. Declared `void`
// its address is looked up in the kernel's symbols instead
// (bpf_object__resolve_ksym_var_btf_id and bpf_object__read_kallsyms_file).
func untypedVariable(c *Case, f *Failure, d *diag.Diagnostic) {
	d.Class = diag.ClassSource
	d.Message = fmt.Sprintf("the BTF of Linux %s does not describe the variable %s", f.Kernel, quote(f.Name))
	for i := range d.Labels {
		if !d.Labels[i].Primary && strings.HasPrefix(d.Labels[i].Text, "declared here") {
			d.Labels[i].Text = "declared with a type, by which it is looked up in the kernel's BTF"
		}
	}
	primary(d, "read directly")
	sentences(d, "the kernel has it, but its BTF mostly describes per-CPU variables only; the address of any other is found where it is declared `void`")
	h := diag.Help{Text: "declare it `extern const void " + f.Name + " __ksym`, and read it with `bpf_probe_read_kernel`", Applicability: diag.Placeholder}
	if e, ok := c.probedVariable(f); ok {
		h.Text, h.Edits, h.Applicability = "declare it `void`, which looks up its address, and read it with `bpf_probe_read_kernel`", e, diag.Likely
	}
	d.Helps = append(d.Helps, h)
}

// probedVariable makes the edits that read a kernel's variable by its address. ok
// is false unless it is read once.
func (c *Case) probedVariable(f *Failure) (edits []diag.Edit, ok bool) {
	decl, _, ok := c.declaration(f.Name)
	at, file, found := c.source(f.Insn)
	if !ok || !found || at.Stmt == nil {
		return nil, false
	}
	text := c.files[decl.File].text
	name, _ := file.Offset(decl.Line, decl.Column)
	from := strings.LastIndex(text[:name], "extern") + len("extern")
	typ := strings.TrimSpace(text[from:name])
	for _, word := range []string{"const", "volatile"} {
		typ = strings.TrimSpace(strings.TrimPrefix(typ, word))
	}
	code := notCode.ReplaceAllStringFunc(text, func(s string) string { return strings.Repeat(" ", len(s)) })
	uses := regexp.MustCompile(`\b`+regexp.QuoteMeta(f.Name)+`\b`).FindAllStringIndex(code, -1)
	if len(uses) != 2 || uses[0][0] != name || strings.Contains(typ, "*") || strings.HasPrefix(strings.TrimSpace(code[name+len(f.Name):]), "[") {
		return nil, false
	}
	use := sourcetext.Span{Start: uses[1][0], End: uses[1][1]}
	if use.Start < at.Stmt.Start || use.End > at.Stmt.End || addressBefore.MatchString(code[:use.Start]) {
		return nil, false
	}
	local := "value"
	if regexp.MustCompile(`\bvalue\b`).MatchString(file.Text(at.Function.Span)) {
		local = f.Name + "_value"
	}
	before, ok := c.insertBefore(f.Insn, typ+" "+local+" = 0;", "bpf_probe_read_kernel(&"+local+", sizeof("+local+"), &"+f.Name+");")
	if !ok {
		return nil, false
	}
	return []diag.Edit{
		editOf(decl.File, file.Position, from, name, " const void "),
		before,
		editOf(decl.File, file.Position, use.Start, use.End, local),
	}, true
}
