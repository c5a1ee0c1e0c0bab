package rules

import (
	"strconv"
	"strings"

	"github.com/cilium/ebpf"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/verifierlog"
)

var (
	_ = rule("BPF0505", mapTypeForHelper)
	_ = rule("BPF0506", sockmapUpdate)
)

// mapTypeForHelper: the helper does not work on maps of this type
// (check_map_func_compatibility in kernel/bpf/verifier.c).
func mapTypeForHelper(c *Case, d *diag.Diagnostic) {
	f := c.match.Fields
	name, typ := "", ""
	switch {
	case len(f) >= 2:
		typ = mapTypeOf(f[0])
		name, _, _ = strings.Cut(f[1], "#")
	case c.said("invalid arg_type for sockmap"): // resolve_map_arg_type comes before the helper is asked
		typ = "BPF_MAP_TYPE_SOCKMAP or BPF_MAP_TYPE_SOCKHASH"
	default:
		name, typ = "bpf_tail_call", "another type"
	}
	k := c.callTarget(name)
	which, source := "", ""
	for n := 1; n <= 5; n++ {
		l, ok := c.argumentPlace(n)
		if !ok {
			break
		}
		if v, known := c.Path.Before(c.last, l); known && v.Base == verifierlog.MapPtr {
			source = strings.TrimPrefix(c.markArgument(d, n), "&")
			switch {
			case isName(source) && strings.HasPrefix(source, v.Map):
				which = quote(source) // the kernel keeps 15 characters
			case v.Map != "":
				which = quote(v.Map)
			}
			c.evidence(c.last, l)
			break
		}
	}
	if which != "" {
		which = " " + which
	}
	if name == "bpf_tail_call" {
		d.Message = "a tail call needs a map of type BPF_MAP_TYPE_PROG_ARRAY, and map" + which + " is none"
		primary(d, "not a program array")
		c.otherMapType(d, name, source, typ)
		return
	}
	d.Message = k.String() + " does not work on map" + which + ", which is a " + typ
	primary(d, "a "+typ)
	if instead := mapAccess(typ); instead != "" {
		offer(d, instead, diag.Likely, c.otherOutput(k.Name, typ))
		return
	}
	c.otherMapType(d, k.Name, source, typ)
}

// mapTypeOf names the type that a message gives as a number.
func mapTypeOf(number string) string {
	n, err := strconv.ParseUint(number, 10, 32)
	if err != nil || n == 0 || n >= uint64(len(mapTypes)) {
		return "map of type " + number
	}
	return mapTypeName(ebpf.MapType(n))
}

// mapAccess says how a map of a type is accessed.
func mapAccess(typ string) string {
	switch strings.TrimPrefix(typ, "BPF_MAP_TYPE_") {
	case "PROG_ARRAY":
		return "a program array is only used by `bpf_tail_call`"
	case "PERF_EVENT_ARRAY":
		return "write with `bpf_perf_event_output`, read counters with `bpf_perf_event_read_value`"
	case "RINGBUF":
		return "use `bpf_ringbuf_reserve` and `bpf_ringbuf_submit`, or `bpf_ringbuf_output`"
	case "QUEUE", "STACK", "BLOOM_FILTER":
		return "use `bpf_map_push_elem`, `bpf_map_pop_elem` and `bpf_map_peek_elem`"
	case "SK_STORAGE":
		return "use `bpf_sk_storage_get`"
	case "TASK_STORAGE":
		return "use `bpf_task_storage_get`"
	case "INODE_STORAGE":
		return "use `bpf_inode_storage_get`"
	case "CGRP_STORAGE":
		return "use `bpf_cgrp_storage_get`"
	case "STACK_TRACE":
		return "programs write it with `bpf_get_stackid`; user space reads it"
	case "CGROUP_STORAGE", "PERCPU_CGROUP_STORAGE":
		return "use `bpf_get_local_storage`"
	}
	return ""
}

// sockmapUpdate: may_update_sockmap in kernel/bpf/verifier.c.
func sockmapUpdate(c *Case, d *diag.Diagnostic) {
	k := c.callTarget("")
	kind, _ := c.kindOfProgram()
	what := "sockmap"
	if c.said("cannot pass map_type 18 into") || strings.Contains(c.Summary.Message, "cannot pass map_type 18 ") { // BPF_MAP_TYPE_SOCKHASH
		what = "sockhash"
	}
	d.Message = kind + " cannot change a " + what
	primary(d, "changes a "+what)
	c.markCall(d, k.Name)
	if edits := c.addSocket(k); edits != nil {
		d.Message = quote(k.Name) + " cannot change a " + what + " in " + kind
		note(d, "a `sockops` program adds the socket that it runs for, and no other")
		d.Helps = append(d.Helps, diag.Help{Text: "call the helper that adds it", Applicability: diag.Likely, Edits: edits})
		return
	}
	d.Notes = append(d.Notes, "programs that may: socket filters, tc, xdp, sk_reuseport, sk_lookup, flow_dissector and iterators before Linux 7.3; sk_reuseport, sk_lookup and iterators since")
	d.Helps = append(d.Helps, diag.Help{Text: "change the map from user space, or add sockets in a `sockops` program with `bpf_sock_map_update` or `bpf_sock_hash_update`", Applicability: diag.Placeholder})
}
