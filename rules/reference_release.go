package rules

import (
	"strings"

	"github.com/bpfdiag/bpfdiag/verifierlog"
)

// releases are the functions that give back what others return, as
// kernel/bpf/verifier.c pairs them (is_release_function, KF_ACQUIRE and
// KF_RELEASE in the kfuncs' lists).
var releases = map[string]string{
	"bpf_map_lookup_elem": "bpf_sk_release", // a socket of a sockmap: other values are no references
	"bpf_sk_lookup_tcp":   "bpf_sk_release", "bpf_sk_lookup_udp": "bpf_sk_release", "bpf_skc_lookup_tcp": "bpf_sk_release",
	"bpf_task_acquire": "bpf_task_release", "bpf_task_from_pid": "bpf_task_release", "bpf_task_from_vpid": "bpf_task_release",
	"bpf_cgroup_acquire": "bpf_cgroup_release", "bpf_cgroup_from_id": "bpf_cgroup_release",
	"bpf_cgroup_ancestor": "bpf_cgroup_release", "bpf_task_get_cgroup1": "bpf_cgroup_release", "scx_bpf_task_cgroup": "bpf_cgroup_release",
	"bpf_cpumask_create": "bpf_cpumask_release", "bpf_cpumask_acquire": "bpf_cpumask_release",
	"bpf_crypto_ctx_create": "bpf_crypto_ctx_release", "bpf_crypto_ctx_acquire": "bpf_crypto_ctx_release",
	"bpf_skb_ct_lookup": "bpf_ct_release", "bpf_xdp_ct_lookup": "bpf_ct_release", "bpf_ct_insert_entry": "bpf_ct_release",
	"bpf_get_task_exe_file": "bpf_put_file",
	"bpf_lookup_user_key":   "bpf_key_put", "bpf_lookup_system_key": "bpf_key_put",
	"bpf_xdp_get_xfrm_state":   "bpf_xdp_xfrm_state_release",
	"hid_bpf_allocate_context": "hid_bpf_release_context",
	"bpf_get_root_mem_cgroup":  "bpf_put_mem_cgroup", "bpf_ksock_create": "bpf_ksock_release", "bpf_ksock_acquire": "bpf_ksock_release",
	"bpf_get_mem_cgroup": "bpf_put_mem_cgroup",
	"bpf_obj_new":        "bpf_obj_drop", "bpf_refcount_acquire": "bpf_obj_drop",
	"bpf_percpu_obj_new":            "bpf_percpu_obj_drop",
	"scx_bpf_get_online_cpumask":    "scx_bpf_put_cpumask",
	"scx_bpf_get_possible_cpumask":  "scx_bpf_put_cpumask",
	"scx_bpf_get_idle_cpumask":      "scx_bpf_put_idle_cpumask",
	"scx_bpf_get_idle_smtmask":      "scx_bpf_put_idle_cpumask",
	"scx_bpf_get_idle_cpumask_node": "scx_bpf_put_idle_cpumask",
	"scx_bpf_get_idle_smtmask_node": "scx_bpf_put_idle_cpumask",
}

// destructors release what bpf_kptr_xchg takes out of a map, by the type of the
// kernel's structures; other types are the program's own.
var destructors = map[string]string{
	"task_struct": "bpf_task_release", "cgroup": "bpf_cgroup_release", "bpf_cpumask": "bpf_cpumask_release",
	"bpf_crypto_ctx": "bpf_crypto_ctx_release", "nf_conn": "bpf_ct_release", "bpf_key": "bpf_key_put",
	"file": "bpf_put_file", "sk_buff": "bpf_kfree_skb",
}

// held is something that a program holds, in the source's terms.
type held struct {
	verifierlog.Resource
	what    string // in a sentence: "the record in `e`", "preemption"
	name    string // the variable, "" when not known
	got     string // what the acquiring call did: "`e` is reserved here"
	fn      string // the function that gives it back, "" when not known
	release string // the statement that does so, "" when its argument is not known
	advice  string // the help in front of the edit
	// result says that it is what the function returned, maybeNull that it may
	// return NULL.
	result, maybeNull bool
}

// holding says in the source's terms what a resource is. got says "" if it was
// held when the walk began.
func (c *Case) holding(r verifierlog.Resource) held {
	h := held{Resource: r, what: "a reference", fn: ""}
	if r.Acquired < 0 {
		h.what = "a reference that was passed to this function"
		return h
	}
	s := c.sourceCall(r.Acquired)
	fn := sourceName(r.Func)
	if v, ok := c.Path.After(r.Acquired, verifierlog.Reg(c.Path.Step(r.Acquired).Frame, 0)); ok && r.ID != 0 && (v.RefID == r.ID || v.ID == r.ID) {
		h.result, h.maybeNull = true, v.Flags&verifierlog.MaybeNull != 0
	}
	switch {
	case r.Kind == verifierlog.ResRCU:
		h.what, h.got, h.fn, h.release = "the RCU read section", "the RCU read section begins here", "bpf_rcu_read_unlock", "bpf_rcu_read_unlock();"
		h.advice = "close the section before leaving"
	case r.Kind == verifierlog.ResPreempt:
		h.what, h.got, h.fn, h.release = "preemption", "preemption is disabled here", "bpf_preempt_enable", "bpf_preempt_enable();"
		h.advice = "enable preemption before leaving"
	case r.Kind == verifierlog.ResIRQ:
		h.what, h.got, h.fn = "the interrupt state", "interrupts are disabled here", "bpf_local_irq_restore"
		h.withArgument(s, 1, "")
		h.advice = "restore the interrupt state before leaving"
	case r.Kind == verifierlog.ResLock:
		h.got = "locked here"
		h.fn = strings.Replace(fn, "_lock", "_unlock", 1)
		if strings.HasSuffix(fn, "_irqsave") {
			h.fn = "bpf_res_spin_unlock_irqrestore"
			if flags := s.arg(2); flags != "" {
				h.withArgument(s, 1, ", "+flags)
			}
		} else {
			h.withArgument(s, 1, "")
		}
		h.what = "the lock"
		if h.name != "" {
			h.what = quote(h.name)
		}
		h.advice = "unlock it before leaving"
	case strings.HasPrefix(fn, "bpf_iter_") && strings.HasSuffix(fn, "_new"):
		h.got = "the iterator is made here"
		h.fn = strings.TrimSuffix(fn, "_new") + "_destroy"
		h.withArgument(s, 1, "")
		h.named("the iterator", "iterator ")
		h.advice = "destroy it before leaving"
	case fn == "bpf_ringbuf_reserve_dynptr":
		h.got, h.fn = "the dynptr is made here", "bpf_ringbuf_discard_dynptr"
		h.withArgument(s, 4, ", 0")
		h.named("the ring buffer record", "the ring buffer record of ")
		h.advice = "discard the record before leaving, or submit it"
	case fn == "bpf_dynptr_from_file":
		h.got, h.fn = "made here", "bpf_dynptr_file_discard"
		h.withArgument(s, 3, "")
		h.named("the file dynptr", "the file dynptr ")
		h.advice = "discard it before leaving"
	case fn == "bpf_ringbuf_reserve":
		h.got, h.fn = "reserved here", "bpf_ringbuf_discard"
		h.withResult(s, ", 0")
		h.named("the ring buffer record", "the ring buffer record ")
		h.advice = "discard the record before leaving, or submit it"
	default:
		h.got = "acquired here"
		h.fn = releases[fn]
		if strings.HasPrefix(fn, "bpf_map_lookup") { // of a map that holds sockets
			h.got, h.fn = "found here, with a reference to it", "bpf_sk_release"
		}
		if fn == "bpf_kptr_xchg" {
			h.got = "taken out of the map here"
			h.fn = c.destructor(r.Acquired)
		}
		h.withResult(s, "")
		h.named("the reference from "+quote(fn), "")
		if fn == "" {
			h.what = "a reference"
		}
		h.advice = "release it before leaving"
		switch fn {
		case "bpf_list_pop_front", "bpf_list_pop_back", "bpf_list_del", "bpf_rbtree_remove":
			// The node is a member: it takes container_of to name the object.
			h.fn, h.release = "bpf_obj_drop", ""
		}
	}
	return h
}

// destructor is the function for what bpf_kptr_xchg returned.
func (c *Case) destructor(step int) string {
	v, ok := c.Path.After(step, verifierlog.Reg(c.Path.Step(step).Frame, 0))
	if !ok {
		return ""
	}
	return destructorOf(v)
}

// destructorOf is the function that gives back a reference that a map can hold.
func destructorOf(v verifierlog.Value) string {
	if v.Base != verifierlog.BTFPtr {
		return ""
	}
	if fn := destructors[v.TypeName]; fn != "" {
		return fn
	}
	switch {
	case v.Flags&verifierlog.Percpu != 0:
		return "bpf_percpu_obj_drop"
	case v.Flags&verifierlog.Alloc != 0:
		return "bpf_obj_drop"
	}
	return ""
}

func (h *held) withArgument(s sourceCall, n int, more string) {
	if arg := s.arg(n); arg != "" {
		h.name = strings.TrimSpace(strings.TrimPrefix(arg, "&"))
		if h.fn != "" {
			h.release = h.fn + "(" + arg + more + ");"
		}
	}
}

func (h *held) withResult(s sourceCall, more string) {
	if name := s.result(); name != "" {
		h.name = name
		if h.fn != "" {
			h.release = h.fn + "(" + name + more + ");"
		}
	}
}

func (h *held) named(without, before string) {
	h.what = without
	if h.name != "" {
		h.what = before + quote(h.name)
	}
}
