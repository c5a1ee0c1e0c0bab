package rules

import (
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
)

// sameCall names the helper that takes the same arguments as another one and
// does the same, or nearly, in programs of a section; "" without one.
func sameCall(helper, section string) string {
	switch {
	case helper == "bpf_probe_read":
		return "bpf_probe_read_kernel"
	case helper == "bpf_probe_read_str":
		return "bpf_probe_read_kernel_str"
	case helper == "bpf_ktime_get_coarse_ns":
		return "bpf_ktime_get_ns"
	case helper == "bpf_copy_from_user":
		return "bpf_probe_read_user"
	case helper == "bpf_skb_load_bytes" && section == "xdp":
		return "bpf_xdp_load_bytes"
	case helper == "bpf_xdp_load_bytes" && (section == "tc" || section == "action"):
		return "bpf_skb_load_bytes"
	}
	return ""
}

// renameCall is the edit that calls another function with the same arguments.
func (c *Case) renameCall(from, to string) []diag.Edit {
	e, ok := c.rewrite(c.sourceCallAt(c.Summary.Insn, from).operand(0), to)
	if to == "" || !ok {
		return nil
	}
	return []diag.Edit{e}
}

// staticEdit makes a function of the program's file static.
func (c *Case) staticEdit(name string) []diag.Edit {
	p, ok := c.place(c.Summary.Insn)
	f, whole := c.files[p.File]
	if !ok || !whole || name == "" {
		return nil
	}
	for at := 0; ; at++ {
		next := strings.Index(f.text[at:], name+"(")
		if next < 0 {
			return nil
		}
		at += next
		fn, in := f.Function(at)
		if in && fn.Name == name && at < fn.Body.Start {
			return []diag.Edit{editOf(p.File, f.Position, fn.Span.Start, fn.Span.Start, "static ")}
		}
	}
}

// licenceEdit declares the GPL where the source declares another licence.
func (c *Case) licenceEdit() []diag.Edit {
	if c.Object == nil || c.Object.License == "" {
		return nil
	}
	const section = `SEC("license") = `
	l, ok := c.programLine(section+`"`+c.Object.License+`"`, true)
	if !ok {
		return nil
	}
	l.Column += len(section)
	return []diag.Edit{editLabel(l, `"GPL"`)}
}
