package rules

import (
	"fmt"
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/verifierlog"
)

var _ = rule("BPF0101", nullDereference)

// nullDereference: memory is accessed through a pointer of a type "…_or_null"
// (check_mem_access in kernel/bpf/verifier.c).
func nullDereference(c *Case, d *diag.Diagnostic) {
	if len(c.match.Fields) == 0 {
		return
	}
	l, ok := c.fault(c.match.Fields[0])
	if !ok {
		return
	}
	name := c.name(c.last, l)
	d.Message = "this pointer may be NULL"
	if name.Expr != "" && !name.From {
		d.Message = quote(name.Expr) + " may be NULL here"
	}
	primary(d, "used here without a check")
	c.nullStory(d, l, name, "on the path to this line nothing compares %s with NULL")
}

// nullStory says where a pointer that may be NULL comes from, which check of it was
// lost, and how to check it. unchecked is the note where there is no check,
// with %s for the pointer.
func (c *Case) nullStory(d *diag.Diagnostic, l verifierlog.Loc, name named, unchecked string) {
	link := c.origin(d, c.last, l, "")
	switch {
	case link.Kind == verifierlog.LinkResult:
		c.relabel(d, link.Step, c.whyNull(link.Step))
	case link.Kind == verifierlog.LinkLoad && c.memoryBefore(link).Base == verifierlog.Ctx:
		c.relabel(d, link.Step, "read here, and may be NULL")
		if strings.HasPrefix(c.Program.Section, "iter") { // the last call ends the output
			c.relabel(d, link.Step, "NULL when the iterator runs the program for the last time")
		}
		if v, ok := c.Path.After(link.Step, link.Loc); ok && (v.Base == verifierlog.SockCommon || v.Base == verifierlog.Socket) {
			c.relabel(d, link.Step, "NULL when there is no socket")
		}
	case link.Kind == verifierlog.LinkLoad:
		if v, ok := c.Path.After(link.Step, link.Loc); ok && v.Base == verifierlog.BTFPtr && v.Flags&verifierlog.MaybeNull != 0 {
			c.relabel(d, link.Step, "loaded here, and may be NULL")
		}
	}
	c.nullParameter(d, link)
	what := c.say(c.last, l)
	if k, found := c.lostNullCheck(l); found {
		d.Class = diag.ClassCompiler
		c.tell(d, k.Step, k.Loc, "this check is of another copy")
		d.Notes = append(d.Notes, fmt.Sprintf("the compiler compares %s with NULL and uses %s, which the verifier does not know to be the same", c.register(k.Loc), c.register(l)))
	} else if link.Kind == verifierlog.LinkLoad && name.Expr != "" && !name.From && !isName(name.Expr) {
		d.Notes = append(d.Notes, what+" may be NULL each time that it is read, also behind a check of an earlier reading")
	} else {
		d.Notes = append(d.Notes, strings.ReplaceAll(unchecked, "%s", what))
	}
	if name.Expr == "" || name.From || name.Likely {
		d.Helps = append(d.Helps, diag.Help{Text: "keep the pointer in a variable and check it before it is used", Applicability: diag.Placeholder})
		return
	}
	if link.Kind == verifierlog.LinkLoad && !isName(name.Expr) {
		d.Helps = append(d.Helps, diag.Help{Text: "read " + quote(name.Expr) + " into a variable once, check that, and use it", Applicability: diag.Placeholder})
		return
	}
	step := -1
	if link.Kind == verifierlog.LinkResult {
		step = link.Step
	}
	h := c.guardNull(c.Path.Insn(c.last), "check "+quote(name.Expr)+" first", "!"+name.Expr, step)
	if d.Class == diag.ClassCompiler {
		h = atMost(h, diag.Placeholder) // the compiler will have its way with this check, too
	}
	d.Helps = append(d.Helps, h)
}

// lostNullCheck finds a check against NULL on the path that was of a copy.
func (c *Case) lostNullCheck(l verifierlog.Loc) (verifierlog.Check, bool) {
	for _, k := range c.Path.Checks(c.last, l) {
		if k.HasImm && k.Imm == 0 && (k.Operator == "==" || k.Operator == "!=") && k.Taken == (k.Operator == "!=") && !k.SubjectNarrowed {
			return k, true
		}
	}
	return verifierlog.Check{}, false
}

// whyNull says when the call of a step returns NULL.
func (c *Case) whyNull(step int) string {
	s := c.Path.Step(step)
	fn := string(s.Func)
	if strings.HasSuffix(fn, "_storage_get") {
		if flags, ok := c.Path.Before(step, verifierlog.Reg(s.Frame, 4)); ok && flags.Const && flags.Number == 0 {
			return "returns NULL when there is no storage yet"
		}
	}
	return whyNull(fn)
}

func isIteratorNext(fn string) bool {
	return strings.HasPrefix(fn, "bpf_iter_") && strings.HasSuffix(fn, "_next")
}

// whyNull says when a function returns NULL.
func whyNull(fn string) string {
	if isIteratorNext(fn) {
		return "returns NULL behind the last element"
	}
	switch fn {
	case "bpf_map_lookup_elem", "bpf_map_lookup_percpu_elem":
		return "returns NULL when there is no element with this key"
	case "bpf_ringbuf_reserve":
		return "returns NULL when the ring buffer is full"
	case "bpf_sk_lookup_tcp", "bpf_sk_lookup_udp", "bpf_skc_lookup_tcp":
		return "returns NULL when there is no such socket"
	case "bpf_sk_storage_get", "bpf_inode_storage_get", "bpf_task_storage_get", "bpf_cgrp_storage_get":
		return "returns NULL when there is no storage, and none could be made"
	case "bpf_kptr_xchg":
		return "returns NULL when nothing was stored there"
	case "bpf_obj_new_impl", "bpf_obj_new", "bpf_percpu_obj_new_impl":
		return "returns NULL when there is no memory"
	case "bpf_dynptr_slice", "bpf_dynptr_slice_rdwr", "bpf_dynptr_data":
		return "returns NULL when the dynptr is shorter than that"
	case "bpf_task_from_pid", "bpf_task_from_vpid":
		return "returns NULL when there is no such task"
	case "bpf_cgroup_from_id":
		return "returns NULL when there is no such cgroup"
	case "bpf_task_acquire", "bpf_cgroup_acquire":
		return "returns NULL when it is gone already"
	case "bpf_per_cpu_ptr":
		return "returns NULL when there is no such CPU"
	case "bpf_cpumask_create":
		return "returns NULL when there is no memory"
	case "":
		return "may be NULL"
	}
	return quote(fn) + " may return NULL"
}
