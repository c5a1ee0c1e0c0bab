package rules

import (
	"fmt"

	"slices"
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/lazyregexp"
	"github.com/bpfdiag/bpfdiag/verifierlog"
)

var (
	_ = ruleByPath("BPF0140", contextAccess)
	_ = rule("BPF0143", contextFieldReleased)
	_ = rule("BPF0144", noSuchArgument)
	_ = rule("BPF0145", argumentNotAccessible)
	_ = rule("BPF0154", socketField)
	_ = rule("BPF0164", storeToContext)
)

// skbFields says which program types can read those members of struct __sk_buff
// that not all can (the is_valid_access functions of net/core/filter.c); the
// types are ours.
var skbFields = map[string][]string{
	"data":       {"sched_cls", "sched_act", "cgroup_skb", "sk_skb", "flow_dissector", "lwt_in", "lwt_out", "lwt_xmit", "lwt_seg6local"},
	"data_end":   {"sched_cls", "sched_act", "cgroup_skb", "sk_skb", "flow_dissector", "lwt_in", "lwt_out", "lwt_xmit", "lwt_seg6local"},
	"data_meta":  {"sched_cls", "sched_act"},
	"tc_classid": {"sched_cls", "sched_act"},
	"wire_len":   {"sched_cls", "sched_act"},

	"family":      {"cgroup_skb", "sk_skb"},
	"remote_ip4":  {"cgroup_skb", "sk_skb"},
	"local_ip4":   {"cgroup_skb", "sk_skb"},
	"remote_ip6":  {"cgroup_skb", "sk_skb"},
	"local_ip6":   {"cgroup_skb", "sk_skb"},
	"remote_port": {"cgroup_skb", "sk_skb"},
	"local_port":  {"cgroup_skb", "sk_skb"},
}

// skbWritable says the same of writing, of the members that any type can write.
var skbWritable = map[string][]string{
	"mark":          {"sched_cls", "sched_act", "cgroup_skb", "lwt_in", "lwt_out", "lwt_xmit"},
	"priority":      {"sched_cls", "sched_act", "cgroup_skb", "sk_skb", "lwt_in", "lwt_out", "lwt_xmit"},
	"tc_index":      {"sched_cls", "sched_act", "sk_skb"},
	"queue_mapping": {"sched_cls", "sched_act"},
	"tc_classid":    {"sched_cls", "sched_act"},
	"tstamp":        {"sched_cls", "sched_act", "cgroup_skb"},
}

// contextAccess: the program type has no such field, or not this way
// (check_ctx_access in kernel/bpf/verifier.c).
func contextAccess(c *Case, d *diag.Diagnostic) {
	if c.contextToGlobal(d) {
		return
	}
	if n := c.contextPassed(); n > 0 {
		if a, ok := c.argumentOf(d, n); ok {
			recode(d, "BPF0515")
			d.Message = a.callee.String() + " takes a pointer to memory as " + a.callee.parameter(n) + ", not the context"
			primary(d, "this is the context")
			c.adviseArgument(d, a, "a pointer to memory", c.at(a.loc))
			return
		}
	}
	how, past := "read", "read here"
	if c.stores() {
		how, past = "written", "written here"
	}
	primary(d, past)
	if c.said("func '%s'") {
		d.Message = fmt.Sprintf("this is not a whole argument of `%s`", c.field(0))
		note(d, "the context is an array of 8-byte values, one for each argument")
		return
	}
	off, size := c.field(0), c.field(1)
	if c.said("invalid access to context, ctx_size") {
		note(d, "the context has %s bytes", c.field(0))
		off, size = c.field(1), c.field(2)
	}
	target, typ := c.access(c.Path.Insn(c.last))
	kind := "this program type"
	if c.Program.Type != "" {
		kind = "a program of type `" + c.Program.Type + "`"
	}
	if c.contextOfType("bpf_sock_addr") != "" {
		kind, _ = c.kindOfProgram() // the same type at another hook may have the field
	}
	if target == "" {
		d.Message = fmt.Sprintf("%s has no field at offset %s of its context that can be %s as %s", kind, off, how, bytesText(size))
		return
	}
	d.Message = fmt.Sprintf("%s cannot be %s by %s", target, how, kind)
	if typ != nil && typ.ByteSize() > 0 && fmt.Sprint(typ.ByteSize()) != size {
		d.Message = fmt.Sprintf("%s cannot be %s in part", target, how)
		note(d, "it has %s, and this takes %s of them", bytesOf(typ.ByteSize()), size)
		advise(d, "access the whole field, and shift and mask its value")
		return
	}
	member := target[strings.LastIndexAny(target, ".>`"[:2])+1:]
	member, _, _ = strings.Cut(strings.Trim(member, "`"), "[")
	if c.socketAddress(d, member) {
		return
	}
	fields := skbFields
	if how == "written" {
		fields = skbWritable
	}
	types, known := fields[member]
	if known && c.contextOfType("__sk_buff") != "" && !slices.Contains(types, c.Program.Type) {
		note(d, "only these program types can %s it: %s", map[string]string{"read": "read", "written": "write"}[how], strings.Join(types, ", "))
		switch {
		case how == "read" && strings.HasPrefix(member, "data") && member != "data_meta":
			advise(d, "read the packet with `bpf_skb_load_bytes`")
			return
		case c.Program.Type == "socket_filter" && slices.Contains(types, "sched_cls"):
			if edits := c.sectionEdit("tc"); edits != nil {
				c.tellSection(d, "makes it a socket filter")
				d.Helps = append(d.Helps, diag.Help{Text: "make it a program of `tc`, attached to an interface and not to a socket", Applicability: diag.Placeholder, Edits: edits})
				return
			}
		}
	}
	if how == "written" {
		advise(d, "most fields of a context can only be read; see `bpfdiag explain BPF0140` for those that can be written")
	}
}

// contextPassed is the number of the argument that is the context where memory
// is taken (check_mem_reg and check_helper_mem_access ask whether all of it can
// be accessed); 0 where it is an access of the program's own.
func (c *Case) contextPassed() (n int) {
	s := c.failing()
	if s.Op != verifierlog.OpCall {
		return 0
	}
	for r := 1; r <= 5; r++ {
		if r == 1 && s.Call != verifierlog.CallSubprog {
			continue // what helpers take the context for is their first argument
		}
		if c.at(verifierlog.Reg(s.Frame, r)).Base == verifierlog.Ctx {
			if n > 0 {
				return 0
			}
			n = r
		}
	}
	return n
}

// otherFamily finds fields of one address family only.
var otherFamily = map[string]*lazyregexp.Regexp{
	"4": lazyregexp.New(`\b(?:user|msg_src)_ip4\b`),
	"6": lazyregexp.New(`\b(?:user|msg_src)_ip6\b`),
}

// socketAddress: half of the fields of struct bpf_sock_addr are those of one address
// family only (sock_addr_is_valid_access in net/core/filter.c).
func (c *Case) socketAddress(d *diag.Diagnostic, member string) bool {
	family := member[max(len(member)-1, 0):]
	if c.contextOfType("bpf_sock_addr") == "" || family != "4" && family != "6" {
		return false
	}
	if strings.HasPrefix(member, "msg_src") && !strings.Contains(c.Program.Section, "sendmsg") {
		note(d, "it is there in programs of `cgroup/sendmsg4` and `cgroup/sendmsg6`")
		return true
	}
	note(d, "it is there in programs for IPv%s, whose sections end with `%s`", family, family)
	other := map[string]string{"4": "6", "6": "4"}[family]
	if s, ok := strings.CutSuffix(c.Program.Section, other); ok {
		if edits := c.sectionEdit(s + family); edits != nil {
			c.tellSection(d, "makes it a program for IPv"+other)
			h := diag.Help{Text: "make it a program for IPv" + family, Applicability: diag.Likely, Edits: edits}
			at, file, ok := c.source(c.Path.Insn(c.last))
			if !ok || otherFamily[other].MatchString(file.Text(at.Function.Body)) {
				h.Text, h.Applicability = h.Text+", or read the field for IPv"+other, diag.Placeholder
			}
			d.Helps = append(d.Helps, h)
			return true
		}
	}
	advise(d, "read the field for the other address family")
	return true
}

// contextFieldReleased: the field held a pointer of which the program has given
// the reference away (check_ctx_access, Linux 6.15 and later).
func contextFieldReleased(c *Case, d *diag.Diagnostic) {
	d.Message = "this argument belonged to a reference that is released"
	if target, _ := c.access(c.Path.Insn(c.last)); target != "" {
		d.Message = target + " belonged to a reference that is released"
	}
	primary(d, "read again here")
	for _, r := range c.Path.Resources() {
		if r.Released >= 0 && r.Acquired < 0 && !r.Null {
			c.tell(d, r.Released, verifierlog.Reg(0, 1), "released here")
		}
	}
	advise(d, "read the argument once, at the function's begin, and do not use it after its release")
}

// noSuchArgument: the program reads more arguments than the traced function has
// (btf_ctx_access in kernel/bpf/btf.c). The kernel counts from 1 here.
func noSuchArgument(c *Case, d *diag.Diagnostic) {
	if c.said("invalid btf_id") {
		d.Message = fmt.Sprintf("the context has no argument at offset %s", c.field(0))
		primary(d, "read here")
		return
	}
	fn, n := c.field(0), c.field(1)
	d.Message = fmt.Sprintf("%s has no argument %s", quote(fn), n)
	primary(d, "argument "+n+" is read here")
	if name := c.parameter(); name != "" {
		d.Message = fmt.Sprintf("%s has no argument %s, which is %s here", quote(fn), n, name)
		primary(d, name+" is read here")
	}
	note(d, "this is about `%s` as it is in this kernel; other versions may have other arguments", fn)
	switch c.Program.Attach {
	case "trace_fentry":
		advise(d, "declare only the arguments that `%s` has; its result is there in a program of type `fexit` only, behind the arguments", fn)
	default:
		advise(d, "declare the arguments that `%s` has, in their order", fn)
	}
}

// parameter is the quoted name of the program's own argument that the failing
// instruction loads, as BPF_PROG declares it.
func (c *Case) parameter() string {
	if name := c.parameterOf(c.last); name != "" {
		return quote(name)
	}
	return ""
}

// argumentNotAccessible: the argument's type is none that a program can be given
// (btf_ctx_access).
func argumentNotAccessible(c *Case, d *diag.Diagnostic) {
	fn, n := c.field(0), c.fieldNumberOr(1, 0)+1 // the kernel counts from 0
	var what string
	switch {
	case c.said("func '%s' arg%d type %s is not a struct"):
		what = "points to a " + typeWord(c.field(2)) + ", not to a structure"
		advise(d, "`bpf_get_func_arg(ctx, %d, &value)` gives the argument as a number (Linux 5.17 and later)", n-1)
	case c.said("func '%s' arg%d '%s' has type"):
		what = "is a " + typeWord(c.field(3)) + ", which is not passed to programs"
	default:
		what = "has a type with several tags"
	}
	d.Message = fmt.Sprintf("argument %d of %s %s", n, quote(fn), what)
	primary(d, "read here")
	if name := c.parameter(); name != "" {
		primary(d, name+" is read here")
	}
}

func (c *Case) fieldNumberOr(n int, otherwise int64) int64 {
	if v, ok := c.fieldNumber(n); ok {
		return v
	}
	return otherwise
}

// typeWord is what C calls a kind of BTF (btf_type_str).
func typeWord(kind string) string {
	switch kind {
	case "FUNC_PROTO":
		return "function"
	case "FWD":
		return "structure whose members are not known"
	case "STRUCT":
		return "structure"
	case "PTR":
		return "pointer"
	}
	return strings.ToLower(kind)
}

// socketField: struct bpf_sock and its relatives have no such field for programs
// (check_sock_access).
func socketField(c *Case, d *diag.Diagnostic) {
	how := "read"
	if c.stores() {
		how = "written"
	}
	primary(d, how+" here")
	if target, typ := c.access(c.Path.Insn(c.last)); target != "" {
		d.Message = fmt.Sprintf("%s cannot be %s", target, how)
		if typ != nil && typ.ByteSize() > 0 && fmt.Sprint(typ.ByteSize()) != c.field(3) {
			d.Message += " in " + c.field(3) + "-byte pieces"
			note(d, "it has %s", bytesOf(typ.ByteSize()))
		}
	} else {
		d.Message = fmt.Sprintf("%s at offset %s of a `struct %s` cannot be %s", bytesText(c.field(3)), c.field(2), socketStruct(c.field(1)), how)
	}
	if l, ok := c.fault(c.field(0)); ok {
		c.whence(d, l)
	}
	if how == "read" {
		note(d, "the kernel translates each field by itself, so an access has to be of one field, at most as wide as it is")
		offer(d, "read one field at a time, with its own type", diag.Likely, c.wholeMember())
	} else {
		note(d, "a socket's fields can only be read")
	}
}

func socketStruct(kind string) string {
	switch kind {
	case "tcp_sock":
		return "bpf_tcp_sock"
	case "xdp_sock":
		return "bpf_xdp_sock"
	}
	return "bpf_sock"
}

// storeToContext: an immediate store, which Linux before 6.4 did not translate
// for a context and the like (check_mem_access's callers).
func storeToContext(c *Case, d *diag.Diagnostic) {
	what := "the context"
	if c.field(1) != "ctx" {
		what = "memory of type `" + c.field(1) + "`"
	}
	d.Message = c.linux() + " does not take a constant stored straight into " + what
	if target, _ := c.access(c.Path.Insn(c.last)); target != "" {
		d.Message = c.linux() + " does not take a constant stored straight into " + target
	}
	primary(d, "the compiler stores the constant without a register here")
	note(d, "Linux 6.4 and later take such stores")
	advise(d, "compile with `-mcpu=v3`, which always stores from a register")
}
