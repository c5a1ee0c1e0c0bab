// sched_ext: wakes an idle CPU for each task that waits, unless the first is idle anyway.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

extern void scx_bpf_dispatch(struct task_struct *p, u64 dsq_id, u64 slice, u64 enq_flags) __ksym;
extern void scx_bpf_kick_cpu(s32 cpu, u64 flags) __ksym;
extern const struct cpumask *scx_bpf_get_idle_cpumask(void) __ksym;
extern void scx_bpf_put_idle_cpumask(const struct cpumask *idle_mask) __ksym;
extern u32 bpf_cpumask_any_distribute(const struct cpumask *cpumask) __ksym;
extern bool bpf_cpumask_test_cpu(u32 cpu, const struct cpumask *cpumask) __ksym;

SEC("struct_ops/eager_enqueue")
void BPF_PROG(eager_enqueue, struct task_struct *p, u64 enq_flags)
{
	const struct cpumask *idle = scx_bpf_get_idle_cpumask();

	scx_bpf_dispatch(p, SCX_DSQ_GLOBAL, SCX_SLICE_DFL, enq_flags);
	if (!bpf_cpumask_test_cpu(0, idle))
		scx_bpf_kick_cpu(bpf_cpumask_any_distribute(idle), SCX_KICK_IDLE);
	scx_bpf_put_idle_cpumask(idle);
}

SEC(".struct_ops.link")
struct sched_ext_ops eager = {
	.enqueue = (void *)eager_enqueue,
	.name = "eager",
};

char LICENSE[] SEC("license") = "GPL";
