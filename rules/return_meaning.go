package rules

import (
	"fmt"
	"strings"
)

// returnMeaning says what a return value tells the kernel.
type returnMeaning struct {
	what    string // who returns it: "an fentry program"
	means   string // a sentence for a note, "" if there is nothing to say
	neutral string // the value that changes nothing
}

// meaning is that of the program's attach type (return_retval_range in
// kernel/bpf/verifier.c has the ranges, the callers of the programs the rest).
func (c *Case) meaning() returnMeaning {
	p := c.Program
	m := returnMeaning{what: "a program of this kind"}
	if p.Section != "" {
		name, _, _ := strings.Cut(strings.TrimPrefix(p.Section, "?"), "/")
		m.what = article(name) + " " + quote(name) + " program"
	}
	switch p.Type {
	case "cgroup_skb":
		m = returnMeaning{"a " + quote("cgroup_skb") + " program", "0 drops the packet, 1 lets it pass", "1"}
		switch p.Attach {
		case "cgroup_inet_egress":
			m.means = "0 drops the packet, 1 lets it pass; 2 and 3 do the same and report congestion"
			m.what = "a " + quote("cgroup_skb/egress") + " program"
		case "cgroup_inet_ingress":
			m.what = "a " + quote("cgroup_skb/ingress") + " program"
		}
	case "cgroup_sock_addr":
		m.what, m.neutral = "a "+quote(strings.TrimPrefix(p.Section, "?"))+" program", "1"
		m.means = "0 makes the system call fail with EPERM, 1 lets it go on"
		switch {
		case strings.HasSuffix(p.Attach, "recvmsg"), strings.HasSuffix(p.Attach, "getpeername"), strings.HasSuffix(p.Attach, "getsockname"):
			m.means = "at this hook a program may rewrite the address, but not refuse the call"
		case strings.HasSuffix(p.Attach, "_bind"):
			m.means = "0 refuses, 1 allows; 2 and 3 do the same and skip the check for CAP_NET_BIND_SERVICE"
		}
	case "cgroup_sock", "cgroup_device", "cgroup_sysctl", "cgroup_sockopt":
		m.what, m.neutral = article(p.Type)+" "+quote(p.Type)+" program", "1"
		m.means = "0 refuses with EPERM, 1 allows"
	case "sock_ops":
		m.what, m.neutral = "a "+quote("sockops")+" program", "1"
	case "sk_lookup":
		m = returnMeaning{"an " + quote("sk_lookup") + " program", "SK_DROP (0) drops the packet, SK_PASS (1) goes on with the lookup", "SK_PASS"}
	case "netfilter":
		m = returnMeaning{"a " + quote("netfilter") + " program", "NF_DROP (0) drops the packet, NF_ACCEPT (1) lets it pass; other verdicts are not for programs", "1"}
	case "lsm":
		m.what, m.neutral = "an LSM program", "0"
		if p.Attach == "lsm_cgroup" {
			m.what, m.neutral = "an "+quote("lsm_cgroup")+" program", "1"
			m.means = "0 denies, 1 allows; bpf_set_retval sets another error"
		}
	case "struct_ops":
		m = returnMeaning{"this member of a " + quote("struct_ops"), "it returns a pointer: NULL, or just the one that it acquired", "0"}
	case "tracing":
		switch p.Attach {
		case "trace_fentry", "trace_fexit", "trace_fsession", "trace_fentry_multi", "trace_fexit_multi", "trace_fsession_multi":
			kind, _, _ := strings.Cut(strings.TrimPrefix(p.Attach, "trace_"), "_")
			m = returnMeaning{"an " + quote(kind) + " program", "it only watches, and the kernel makes nothing of its result", "0"}
		case "trace_iter":
			m = returnMeaning{"an iterator program", "0 goes on to the next element, 1 shows this one again", "0"}
		}
	case "kprobe":
		m = returnMeaning{m.what, "0 has the program called again when the function returns, 1 does not", "0"}
	}
	return m
}

func article(name string) string {
	if name != "" && strings.ContainsRune("aeiou", rune(name[0])) {
		return "an"
	}
	return "a"
}

// callbackMeaning says what a callback's result tells the function that runs it.
func callbackMeaning(fn string) (means string) {
	switch fn {
	case "bpf_loop", "bpf_for_each_map_elem", "bpf_user_ringbuf_drain":
		return "for " + quote(fn) + " 0 means to go on, and 1 to stop"
	case "bpf_find_vma", "bpf_timer_set_callback", "bpf_wq_set_callback_impl", "bpf_wq_set_callback":
		return quote(fn) + " makes nothing of the callback's result"
	case "bpf_rbtree_add_impl", "bpf_rbtree_add":
		return "the result says whether the first node is less than the second"
	}
	return ""
}

// allowedRange reads the range that a complaint ends with: "[0, 1]", or before
// Linux 6.8 the known and the unknown bits, "(0x0; 0x1)".
func allowedRange(complaint string) (lo, hi int64, ok bool) {
	_, text, found := strings.Cut(complaint, "should have been in ")
	if !found {
		return 0, 0, false
	}
	if n, _ := fmt.Sscanf(text, "[%d, %d]", &lo, &hi); n == 2 {
		return lo, hi, true
	}
	var value, mask uint64
	if n, _ := fmt.Sscanf(text, "(0x%x; 0x%x)", &value, &mask); n == 2 {
		return int64(value), int64(value | mask), true
	}
	return 0, 0, false
}

// allowedText says a range in words.
func allowedText(lo, hi int64) string {
	switch {
	case lo == hi:
		return fmt.Sprintf("only %d", lo)
	case hi == lo+1:
		return fmt.Sprintf("only %d or %d", lo, hi)
	case lo == -4095 && hi == 0:
		return "only 0 or a negative error number (-1 to -4095)"
	}
	return fmt.Sprintf("only %d to %d", lo, hi)
}

// givenText says what a complaint tells of the value, for logs that have no
// state: "has smin=2 smax=2", "has value (0x2; 0x0)" (verbose_invalid_scalar).
func givenText(complaint string) string {
	var lo, hi int64
	if _, text, ok := strings.Cut(complaint, " has smin="); ok {
		if n, _ := fmt.Sscanf(text, "%d smax=%d ", &lo, &hi); n == 2 {
			return between(fmt.Sprint(lo), fmt.Sprint(hi))
		}
	}
	if _, text, ok := strings.Cut(complaint, " has value "); ok {
		var value, mask uint64
		if n, _ := fmt.Sscanf(text, "(0x%x; 0x%x)", &value, &mask); n == 2 && mask == 0 {
			return fmt.Sprint(int64(value))
		}
	}
	if strings.Contains(complaint, "unknown scalar value") {
		return "any number"
	}
	return "another value"
}
