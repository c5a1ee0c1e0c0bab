package rules

import (
	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/lazyregexp"
)

// leave is the statement that ends the function of an instruction without doing
// anything, with the value that changes nothing: safe where the program's type says
// which that is, likely where the value is one of several, a placeholder where
// nobody can know what the caller makes of it.
func (c *Case) leave(insn int) (stmt string, how diag.Applicability) {
	if c.returnsNothing(insn) {
		if c.Program.Type == "struct_ops" {
			return "return;", diag.Placeholder // what the kernel expects to be done is not done
		}
		return "return;", diag.Likely
	}
	fn, _, found := c.function(insn)
	if !found || fn.Name != c.Program.Name {
		return "return 0;", diag.Placeholder
	}
	p, _ := c.place(insn)
	if n := len(p.Inlined); n > 1 || n == 1 && !wrapped(p.Inlined[0]) {
		return "return 0;", diag.Placeholder
	}
	spell := func(name, number string) string {
		if mentions(c.files[p.File].text, name) {
			return "return " + name + ";"
		}
		return "return " + number + ";"
	}
	switch c.Program.Type {
	case "xdp":
		return "return XDP_PASS;", diag.Safe
	case "sched_cls", "sched_act", "tc":
		return spell("TC_ACT_OK", "0"), diag.Safe
	case "cgroup_skb", "cgroup_sock", "cgroup_sock_addr", "cgroup_device", "cgroup_sysctl", "cgroup_sockopt", "sock_ops":
		return "return 1;", diag.Safe
	case "sk_msg", "sk_lookup":
		return spell("SK_PASS", "1"), diag.Safe
	case "netfilter":
		return spell("NF_ACCEPT", "1"), diag.Safe
	case "kprobe", "tracepoint", "raw_tracepoint", "raw_tracepoint_writable", "perf_event", "tracing":
		return "return 0;", diag.Safe
	case "lsm":
		if c.Program.Attach == "lsm_cgroup" {
			return "return 1;", diag.Safe
		}
		return "return 0;", diag.Safe
	case "sk_skb", "sk_reuseport":
		return spell("SK_PASS", "1"), diag.Likely
	case "struct_ops":
		return "return 0;", diag.Placeholder
	}
	return "return 0;", diag.Likely
}

var voidFunction = lazyregexp.New(`^(?:SEC\("[^"]*"\)\s*)?(?:(?:static|inline|extern|__noinline|__always_inline|__hidden|__weak|__attribute__\(\([^)]*\)\))\s+)*void\s+[^*\s]`)

// returnsNothing says whether the source function of an instruction is `void`.
func (c *Case) returnsNothing(insn int) bool {
	e, ok := c.editor(insn)
	return ok && e.function.Body.Start > e.function.Start && voidFunction.MatchString(e.text[e.function.Start:e.function.Body.Start])
}

// weaker is the less certain of two.
func weaker(a, b diag.Applicability) diag.Applicability {
	order := map[diag.Applicability]int{diag.Safe: 2, diag.Likely: 1}
	if order[a] < order[b] {
		return a
	}
	return b
}

// atMost lowers what is said of a help's edits.
func atMost(h diag.Help, how diag.Applicability) diag.Help {
	h.Applicability = weaker(h.Applicability, how)
	return h
}
