// Broken, sched_ext: a task's own storage is used without a check that there is one.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#define SHARED_DSQ 0

struct task_context {
	u64 started;
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct task_context);
} contexts SEC(".maps");

extern s32 scx_bpf_create_dsq(u64 dsq_id, s32 node) __ksym;
extern void scx_bpf_dispatch_vtime(struct task_struct *p, u64 dsq_id, u64 slice, u64 vtime, u64 enq_flags) __ksym;
extern bool scx_bpf_consume(u64 dsq_id) __ksym;

SEC("struct_ops/fair_enqueue")
void BPF_PROG(fair_enqueue, struct task_struct *p, u64 enq_flags)
{
	scx_bpf_dispatch_vtime(p, SHARED_DSQ, SCX_SLICE_DFL, p->scx.dsq_vtime, enq_flags);
}

SEC("struct_ops/fair_dispatch")
void BPF_PROG(fair_dispatch, s32 cpu, struct task_struct *prev)
{
	scx_bpf_consume(SHARED_DSQ);
}

SEC("struct_ops/fair_running")
void BPF_PROG(fair_running, struct task_struct *p)
{
	struct task_context *tctx = bpf_task_storage_get(&contexts, p, 0, 0);

	if (tctx)
		tctx->started = bpf_ktime_get_ns();
}

SEC("struct_ops/fair_stopping")
void BPF_PROG(fair_stopping, struct task_struct *p, bool runnable)
{
	struct task_context *tctx = bpf_task_storage_get(&contexts, p, 0, 0);

	p->scx.dsq_vtime += (bpf_ktime_get_ns() - tctx->started) * 100 / p->scx.weight;
}

SEC("struct_ops.s/fair_init_task")
s32 BPF_PROG(fair_init_task, struct task_struct *p, struct scx_init_task_args *args)
{
	if (!bpf_task_storage_get(&contexts, p, 0, BPF_LOCAL_STORAGE_GET_F_CREATE))
		return -12; // ENOMEM
	return 0;
}

SEC("struct_ops.s/fair_init")
s32 BPF_PROG(fair_init)
{
	return scx_bpf_create_dsq(SHARED_DSQ, -1);
}

SEC(".struct_ops.link")
struct sched_ext_ops fair = {
	.enqueue = (void *)fair_enqueue,
	.dispatch = (void *)fair_dispatch,
	.running = (void *)fair_running,
	.stopping = (void *)fair_stopping,
	.init_task = (void *)fair_init_task,
	.init = (void *)fair_init,
	.name = "fair",
};

char LICENSE[] SEC("license") = "GPL";
