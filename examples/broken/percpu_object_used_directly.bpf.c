// Broken, per-CPU objects: what bpf_percpu_obj_new returned is used like an ordinary pointer.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

#define __percpu_kptr __attribute__((btf_type_tag("percpu_kptr")))
#define bpf_percpu_obj_new(type) ((type __percpu_kptr *)bpf_percpu_obj_new_impl(bpf_core_type_id_local(type), NULL))
#define bpf_percpu_obj_drop(ptr) bpf_percpu_obj_drop_impl(ptr, NULL)

extern void *bpf_percpu_obj_new_impl(__u64 type, void *meta) __ksym;
extern void bpf_percpu_obj_drop_impl(void *object, void *meta) __ksym;

struct counter {
	__u64 calls;
};

struct slot {
	struct counter __percpu_kptr *counter;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct slot);
} slots SEC(".maps");

SEC("tp_btf/sys_enter")
int BPF_PROG(count_call, struct pt_regs *regs, long id)
{
	struct counter __percpu_kptr *counter, *old;
	__u32 first = 0;
	struct slot *slot = bpf_map_lookup_elem(&slots, &first);

	if (!slot)
		return 0;
	counter = slot->counter;
	if (!counter) {
		counter = bpf_percpu_obj_new(struct counter);
		if (!counter)
			return 0;
		old = bpf_kptr_xchg(&slot->counter, counter);
		if (old)
			bpf_percpu_obj_drop(old);
		return 0;
	}
	counter->calls++;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
