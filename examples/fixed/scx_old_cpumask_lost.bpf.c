// sched_ext: each task keeps a mask of its own, anew whenever its CPUs change.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

struct task_context {
	struct bpf_cpumask __kptr *mask;
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct task_context);
} contexts SEC(".maps");

extern struct bpf_cpumask *bpf_cpumask_create(void) __ksym;
extern void bpf_cpumask_release(struct bpf_cpumask *cpumask) __ksym;
extern void bpf_cpumask_copy(struct bpf_cpumask *dst, const struct cpumask *src) __ksym;

SEC("struct_ops/pinned_set_cpumask")
void BPF_PROG(pinned_set_cpumask, struct task_struct *p, const struct cpumask *cpumask)
{
	struct task_context *tctx;
	struct bpf_cpumask *mask;

	tctx = bpf_task_storage_get(&contexts, p, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!tctx)
		return;
	mask = bpf_cpumask_create();
	if (!mask)
		return;
	bpf_cpumask_copy(mask, cpumask);
	mask = bpf_kptr_xchg(&tctx->mask, mask);
	if (mask)
		bpf_cpumask_release(mask);
}

SEC(".struct_ops.link")
struct sched_ext_ops pinned = {
	.set_cpumask = (void *)pinned_set_cpumask,
	.name = "pinned",
};

char LICENSE[] SEC("license") = "GPL";
