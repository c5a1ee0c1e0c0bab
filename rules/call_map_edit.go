package rules

import (
	"regexp"
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/debuginfo"
	"github.com/bpfdiag/bpfdiag/internal/sourcetext"
)

// mapTypeFor is the one type of map that a helper works on, or that of its kin which is
// next to the type it is given; "" where there are several or all
// (check_map_func_compatibility in kernel/bpf/verifier.c).
func mapTypeFor(helper, given string) string {
	hash := strings.Contains(given, "HASH")
	either := func(array, hashed string) string {
		if hash {
			return hashed
		}
		return array
	}
	switch helper {
	case "bpf_tail_call":
		return "BPF_MAP_TYPE_PROG_ARRAY"
	case "bpf_redirect_map":
		return either("BPF_MAP_TYPE_DEVMAP", "BPF_MAP_TYPE_DEVMAP_HASH")
	case "bpf_perf_event_output", "bpf_perf_event_read", "bpf_perf_event_read_value", "bpf_skb_output", "bpf_xdp_output":
		return "BPF_MAP_TYPE_PERF_EVENT_ARRAY"
	case "bpf_ringbuf_output", "bpf_ringbuf_reserve", "bpf_ringbuf_query", "bpf_ringbuf_reserve_dynptr":
		return "BPF_MAP_TYPE_RINGBUF"
	case "bpf_sk_select_reuseport":
		return "BPF_MAP_TYPE_REUSEPORT_SOCKARRAY"
	case "bpf_sk_redirect_map", "bpf_msg_redirect_map", "bpf_sock_map_update":
		return "BPF_MAP_TYPE_SOCKMAP"
	case "bpf_sk_redirect_hash", "bpf_msg_redirect_hash", "bpf_sock_hash_update":
		return "BPF_MAP_TYPE_SOCKHASH"
	case "bpf_get_stackid":
		return "BPF_MAP_TYPE_STACK_TRACE"
	case "bpf_skb_under_cgroup", "bpf_current_task_under_cgroup":
		return "BPF_MAP_TYPE_CGROUP_ARRAY"
	case "bpf_get_local_storage":
		return "BPF_MAP_TYPE_CGROUP_STORAGE"
	case "bpf_sk_storage_get", "bpf_sk_storage_delete":
		return "BPF_MAP_TYPE_SK_STORAGE"
	case "bpf_task_storage_get", "bpf_task_storage_delete":
		return "BPF_MAP_TYPE_TASK_STORAGE"
	case "bpf_inode_storage_get", "bpf_inode_storage_delete":
		return "BPF_MAP_TYPE_INODE_STORAGE"
	case "bpf_cgrp_storage_get", "bpf_cgrp_storage_delete":
		return "BPF_MAP_TYPE_CGRP_STORAGE"
	}
	return ""
}

// mapTypeWord marks a map's type where the map is defined.
func (c *Case) mapTypeWord(name string) (diag.Label, bool) {
	_, at, ok := c.findText(`\b(`+regexp.QuoteMeta(name)+`)\b\s*SEC\(\s*"\.maps`, sourcetext.Span{})
	if !ok {
		return diag.Label{}, false
	}
	file, _, _, _ := c.programFile()
	text := c.files[file].text
	begin, depth := at.Start-1, 0
	for ; begin >= 0; begin-- {
		if text[begin] == '}' {
			depth++
		}
		if text[begin] == '{' {
			depth--
		}
		if depth == 0 && text[begin] == '{' || text[begin] == ';' && depth == 0 {
			break
		}
	}
	if begin < 0 {
		return diag.Label{}, false
	}
	l, _, ok := c.findText(`\b(BPF_MAP_TYPE_[A-Z_]+)\b`, sourcetext.Span{Start: begin, End: at.Start})
	return l, ok
}

// otherMapType is the help that defines the map as the type that the helper takes.
// It shows where the type is set.
func (c *Case) otherMapType(d *diag.Diagnostic, helper, name, typ string) {
	wanted := mapTypeFor(helper, typ)
	if wanted == "" {
		return
	}
	h := diag.Help{Text: "define the map as " + wanted, Applicability: diag.Placeholder}
	if l, ok := c.mapTypeWord(name); ok {
		markFirst(d, l, "the map's type")
		h.Applicability = diag.Likely
		h.Edits = []diag.Edit{{
			File: l.File, Replacement: wanted,
			Start: diag.Position{Line: l.Line, Column: l.Column},
			End:   diag.Position{Line: l.EndLine, Column: l.EndColumn},
		}}
	}
	d.Helps = append(d.Helps, h)
}

// addSocket is the edit that adds the socket that a sockops program runs for to a
// map by the helper that is made for it.
func (c *Case) addSocket(k callTarget) []diag.Edit {
	call := c.sourceCall(c.last)
	p, ok := c.place(c.Path.Insn(c.last))
	ctx := c.contextOfType("bpf_sock_ops")
	if _, whole := c.files[p.File]; !ok || !whole || call.loose || call.operand(4).node == nil || call.operand(5).node != nil || k.Name != "bpf_map_update_elem" || ctx == "" {
		return nil
	}
	argument := call.arg
	if argument(3) != ctx+"->sk" {
		return nil
	}
	helper := ""
	if l, ok := c.mapTypeWord(strings.TrimPrefix(argument(1), "&")); ok {
		helper = map[string]string{"BPF_MAP_TYPE_SOCKMAP": "bpf_sock_map_update", "BPF_MAP_TYPE_SOCKHASH": "bpf_sock_hash_update"}[c.textOf(l)]
	}
	if helper == "" {
		return nil
	}
	text := helper + "(" + ctx + ", " + argument(1) + ", " + argument(2) + ", " + argument(4) + ")"
	edit, ok := c.rewrite(call.expression, text)
	if !ok {
		return nil
	}
	return []diag.Edit{edit}
}

// textOf is what a label of one line covers.
func (c *Case) textOf(l diag.Label) string {
	f := c.files[l.File]
	from, ok := f.Offset(l.Line, l.Column)
	to, ok2 := f.Offset(l.EndLine, l.EndColumn)
	if !ok || !ok2 || to < from {
		return ""
	}
	return f.text[from:to]
}

// contextOfType is what the failing function calls its parameter that points to a
// context structure.
func (c *Case) contextOfType(structs ...string) string {
	in := c.debug()
	fn, i, ok := c.function(c.Path.Insn(c.last))
	if in == nil || !ok {
		return ""
	}
	for _, v := range in.Variables(fn, i) {
		if v.Param && v.Type != nil && contextOf(v.Type, structs) {
			return v.Name
		}
	}
	return ""
}

// contextOf says whether a type is a pointer to one of some structures.
func contextOf(t *debuginfo.Type, structs []string) bool {
	u := t.Underlying()
	if u.Kind != debuginfo.Pointer || u.Pointee() == nil {
		return false
	}
	name := u.Pointee().Underlying().Name
	for _, s := range structs {
		if s == name {
			return true
		}
	}
	return false
}
