package rules

import (
	"slices"
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/sourcetext"
	"github.com/bpfdiag/bpfdiag/verifierlog"
)

var (
	_ = rule("BPF0514", untrustedArgument)
)

// untrustedArgument: the verifier does not know that the object is alive that
// a pointer is to (is_trusted_reg and is_rcu_reg in kernel/bpf/verifier.c).
func untrustedArgument(c *Case, d *diag.Diagnostic) {
	if e := c.expectedTypes(); slices.Contains(e, "percpu_ptr_") && !slices.Contains(e, "ptr_") {
		argumentType(c, d) // trusted or not, it is of the wrong kind
		return
	}
	d.Message = "this pointer may point to an object that is gone"
	a, ok := c.badArgument(d)
	if !ok {
		return
	}
	v, _ := c.Path.Before(c.last, a.loc)
	name := c.argumentExpr(a)
	if name == "" {
		name = a.callee.parameter(a.n) + " of " + a.callee.String()
	}
	typ := ""
	if v.Base == verifierlog.BTFPtr && v.TypeName != "" {
		typ = " to a `struct " + v.TypeName + "`"
	}
	if v.Flags&verifierlog.RCU != 0 && strings.Contains(c.match.Text, "referenced or trusted") {
		d.Message = a.callee.String() + " takes a reference or a trusted pointer, and " + name + " is only protected by RCU"
		primary(d, "a pointer"+typ+" that RCU protects")
		c.adviseTrust(d, a, v, c.tellTrust(d, a, v))
		return
	}
	null := v.Flags&verifierlog.MaybeNull != 0
	switch {
	case v.Base != verifierlog.BTFPtr:
		d.Message = a.callee.String() + " takes a pointer that the kernel gave, not " + kindOf(v)
		primary(d, "this is "+kindOf(v))
	case null:
		d.Message = name + " may be NULL, and may point to an object that is gone"
		primary(d, "a pointer"+typ+" that is not trusted, or NULL")
	default:
		d.Message = name + " may point to an object that is gone"
		primary(d, "a pointer"+typ+" that is not trusted")
	}
	c.adviseTrust(d, a, v, c.tellTrust(d, a, v))
}

// tellTrust tells where a pointer lost the verifier's trust, or why it never
// had it. It returns what the pointer was read from, NotInit if it was not.
func (c *Case) tellTrust(d *diag.Diagnostic, a badArgument, v verifierlog.Value) (from verifierlog.Base) {
	if c.tellArgumentLost(d, a) {
		return verifierlog.NotInit
	}
	for _, k := range c.Path.Chain(c.last, a.loc) {
		switch k.Kind {
		case verifierlog.LinkLoad:
			text := "read from memory here"
			s := c.Path.Step(k.Step)
			if base, ok := c.Path.Before(k.Step, verifierlog.Reg(s.Frame, s.Mem.Base)); ok {
				from = base.Base
				switch from {
				case verifierlog.BTFPtr:
					text = "read from a `struct " + base.TypeName + "`: nothing keeps what it points to alive"
					if v.Flags&verifierlog.RCU != 0 {
						text = "read from a `struct " + base.TypeName + "`: it stays until the RCU section ends"
					}
				case verifierlog.Ctx:
					text = "an argument of the program, which the kernel does not promise to keep alive"
				case verifierlog.MapValue:
					text = "a kptr that is read without `bpf_kptr_xchg` may be freed at any time"
				}
			}
			if !c.tell(d, k.Step, k.Loc, text) {
				what := c.argumentExpr(a)
				if what == "" {
					what = "it"
				}
				d.Notes = append(d.Notes, what+" is "+text)
			}
			return from
		case verifierlog.LinkResult:
			f := string(c.Path.Step(k.Step).Func)
			text := "returned by " + quote(f)
			switch f {
			case "bpf_get_current_task_btf":
				text = "what " + quote(f) + " returns is trusted"
			case "bpf_rdonly_cast":
				text = "what `bpf_rdonly_cast` returns may be read, not passed on"
			}
			if !c.atPrimary(d, k.Step) {
				c.tell(d, k.Step, k.Loc, text)
			}
			return from
		case verifierlog.LinkArith:
			if v.Offset != 0 || v.Number != 0 {
				c.tell(d, k.Step, k.Loc, "the address of a part of the object is not trusted")
				return from
			}
		case verifierlog.LinkEntry, verifierlog.LinkCallback:
			d.Notes = append(d.Notes, "the kernel gave it to this program without a guarantee that it stays alive")
			return from
		}
	}
	return from
}

func (c *Case) adviseTrust(d *diag.Diagnostic, a badArgument, v verifierlog.Value, from verifierlog.Base) {
	help := func(text string) {
		d.Helps = append(d.Helps, diag.Help{Text: text, Applicability: diag.Placeholder})
	}
	rcu := strings.Contains(c.match.Text, "must be a rcu pointer") || strings.Contains(c.match.Text, "rcu_ptr_")
	kind, _, _ := strings.Cut(c.Program.Section, "/")
	if kind = strings.TrimSuffix(kind, ".s"); from == verifierlog.Ctx && (kind == "fentry" || kind == "fexit") {
		d.Notes = append(d.Notes, "the arguments of fentry and fexit programs are not trusted; those of tp_btf, iter and most LSM programs are")
		help("attach with `SEC(\"tp_btf/...\")` or `SEC(\"lsm/...\")`, or take a reference with the kfunc that acquires this type")
	}
	switch {
	case from == verifierlog.MapValue:
		help("take it out of the map with `bpf_kptr_xchg`, or, if RCU protects its type, read it in an RCU section and check it for NULL")
		return
	case v.Base != verifierlog.BTFPtr:
		help("pass a pointer from the program's arguments, or one that a kfunc returned")
	case rcu && v.TypeName != "" && c.maySleep():
		text := "read it between `bpf_rcu_read_lock()` and `bpf_rcu_read_unlock()`, and use it there"
		if step, ok := c.rcuMember(a); ok {
			var edits []diag.Edit
			if p, _, known := c.source(c.Path.Insn(step)); known && p.Stmt != nil {
				if q, _, known := c.source(c.Path.Insn(c.last)); known && q.Stmt != nil && q.Stmt.Span == p.Stmt.Span {
					edits = c.openRCU(c.last, nil)
				}
			}
			offer(d, text, diag.Likely, edits)
			return
		}
		help(text + "; that helps for fields that the kernel declares `__rcu`")
	}
	switch v.TypeName {
	case "task_struct":
		if rcu && !c.maySleep() {
			help("of a task's pointers to tasks the verifier knows that `real_parent` and `group_leader` are valid in an RCU section, with a check for NULL")
		}
		help("`bpf_task_from_pid(pid)` gives a task that stays until `bpf_task_release`; `bpf_get_current_task_btf()` gives the current one")
	case "cgroup":
		help("`bpf_cgroup_from_id(id)` gives a cgroup that stays until `bpf_cgroup_release`")
	default:
		if len(d.Helps) == 0 {
			help("pass a pointer from the program's arguments, or take a reference with the kfunc that acquires this type")
		}
	}
}

// rcuMembers are the pointers in kernel structures that are good in an RCU read
// section, whatever compiled the kernel (BTF_TYPE_SAFE_RCU in kernel/bpf/verifier.c,
// those of all series).
var rcuMembers = map[string][]string{
	"task_struct": {"cpus_ptr", "cgroups", "real_parent", "group_leader"},
	"css_set":     {"dfl_cgrp"},
}

// rcuMember is the step at which an argument was read from such a member.
func (c *Case) rcuMember(a badArgument) (step int, ok bool) {
	link := c.made(c.last, a.loc)
	if link.Kind != verifierlog.LinkLoad {
		return -1, false
	}
	s := c.Path.Step(link.Step)
	base, known := c.Path.Before(link.Step, verifierlog.Reg(s.Frame, s.Mem.Base))
	at, _, found := c.source(c.Path.Insn(link.Step))
	if !known || !found || base.Base != verifierlog.BTFPtr || base.Flags&verifierlog.Untrusted != 0 || at.Expr == nil {
		return -1, false
	}
	return link.Step, at.Expr.Kind == sourcetext.Member && slices.Contains(rcuMembers[base.TypeName], at.Expr.Operator)
}

// maySleep says whether the program is one that may sleep, by its section, or
// whether that is not known. The others are in an RCU section all the time.
func (c *Case) maySleep() bool {
	kind, _, _ := strings.Cut(strings.TrimPrefix(c.Program.Section, "?"), "/")
	return kind == "" || strings.HasSuffix(kind, ".s") || kind == "syscall" || strings.HasPrefix(kind, "struct_ops")
}
