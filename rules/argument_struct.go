package rules

import (
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/object"
	"github.com/bpfdiag/bpfdiag/verifierlog"
)

var _ = rule("BPF0513", argumentStruct)

// argumentStruct: a pointer to a kernel structure is passed where another one
// is taken (process_kf_arg_ptr_to_btf_id, check_reg_type in kernel/bpf/verifier.c).
func argumentStruct(c *Case, d *diag.Diagnostic) {
	want, got := c.structNames()
	d.Message = "a pointer to another structure is expected here"
	a, ok := c.badArgument(d)
	if !ok {
		if want != "" {
			d.Message = "a pointer to " + quote(want) + " is expected here"
		}
		return
	}
	if want == "" {
		d.Message = a.callee.String() + " takes a pointer to another type as " + a.callee.parameter(a.n)
		primary(d, "not this")
		return
	}
	d.Message = a.callee.String() + " takes a " + quote(want)
	if got == "" {
		d.Message += " as " + a.callee.parameter(a.n)
		primary(d, "this is something else")
		if got, _ := c.passedType(a); got != "" {
			d.Message += ", not " + got
			primary(d, "this is "+got)
		}
	} else {
		d.Message += ", not a " + quote(got)
		primary(d, "this points to a "+quote(got)+" for the verifier")
	}
	if link := c.argumentOrigin(d, a); link.Kind == verifierlog.LinkLoad && got != "" && c.memoryBefore(link).Base != verifierlog.Ctx {
		c.relabel(d, link.Step, "a pointer to a "+quote(got)+" is read here")
	}
	base := func(s string) string { s, _, _ = strings.Cut(strings.TrimPrefix(s, "struct "), "___"); return s }
	switch {
	case base(want) == "nf_conn" && base(got) == "nf_conn" && strings.HasSuffix(want, "___init"):
		d.Notes = append(d.Notes, "a `struct nf_conn___init` is an entry of `bpf_skb_ct_alloc` or `bpf_xdp_ct_alloc` that was not inserted yet")
	case base(want) == "nf_conn" && base(got) == "nf_conn" && strings.HasSuffix(got, "___init"):
		d.Notes = append(d.Notes, "this entry was allocated and not inserted yet")
		d.Helps = append(d.Helps, diag.Help{Text: "pass what `bpf_ct_insert_entry` returns", Applicability: diag.Placeholder})
	default:
		d.Notes = append(d.Notes, "a cast in C does not change what the verifier takes a pointer for")
	}
	c.memberHelp(d, a, want, got)
	if base(want) == "bpf_cpumask" && base(got) == "cpumask" {
		d.Helps = append(d.Helps, diag.Help{Text: "change only masks made by `bpf_cpumask_create`; copy the kernel's with `bpf_cpumask_copy` first", Applicability: diag.Placeholder})
	}
}

// memberHelp suggests the member of the structure that points to the one that
// is wanted, if the program declares just one.
func (c *Case) memberHelp(d *diag.Diagnostic, a badArgument, want, got string) {
	if c.Object == nil || c.Object.BTF == nil || a.Text == "" {
		return
	}
	b := c.Object.BTF
	id := b.Find(strings.TrimPrefix(got, "struct "), object.KindStruct)
	member := ""
	for _, m := range b.Members(id) {
		if id != 0 && m.Name != "" && spellType(b, m.Type) == want+" *" {
			if member != "" {
				return
			}
			member = m.Name
		}
	}
	if member == "" {
		return
	}
	text := a.Text + "->" + member
	h := diag.Help{Text: quote(text) + " is a " + quote(want+" *"), Applicability: diag.Placeholder}
	if e, ok := c.rewrite(c.sourceCall(c.last).operand(a.n), text); ok && !strings.ContainsAny(a.Text, " ()&+-*") {
		h.Edits, h.Applicability = []diag.Edit{e}, diag.Likely
	}
	d.Helps = append(d.Helps, h)
}

// structNames are the structures that a message of BPF0513 names.
func (c *Case) structNames() (want, got string) {
	text := c.match.Text
	if _, rest, ok := strings.Cut(text, " is of type "); ok { // "R2 is of type a but b is expected"
		got, rest, _ = strings.Cut(rest, " but ")
		want, _, _ = strings.Cut(rest, " is expected")
		return "struct " + want, "struct " + got
	}
	_, want, _ = strings.Cut(text, "expected pointer to ")
	want, rest, ok := strings.Cut(want, " but ")
	if ok {
		_, got, _ = strings.Cut(rest, " a pointer to ")
	}
	return typeWords(want), typeWords(got)
}

// typeWords spells a BTF type of a message, "STRUCT nf_conn", as C does.
func typeWords(s string) string {
	kind, name, ok := strings.Cut(strings.TrimSpace(s), " ")
	switch {
	case !ok, name == "", name == "(anon)":
		return ""
	case kind == "STRUCT", kind == "UNION", kind == "ENUM":
		return strings.ToLower(kind) + " " + name
	}
	return name
}
