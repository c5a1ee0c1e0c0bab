// sched_ext: tasks are woken on any idle CPU but the first.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

extern s32 scx_bpf_pick_idle_cpu(const struct cpumask *cpus_allowed, u64 flags) __ksym;
extern struct bpf_cpumask *bpf_cpumask_create(void) __ksym;
extern void bpf_cpumask_release(struct bpf_cpumask *cpumask) __ksym;
extern void bpf_cpumask_copy(struct bpf_cpumask *dst, const struct cpumask *src) __ksym;
extern void bpf_cpumask_clear_cpu(u32 cpu, struct bpf_cpumask *cpumask) __ksym;

SEC("struct_ops/quiet_select_cpu")
s32 BPF_PROG(quiet_select_cpu, struct task_struct *p, s32 prev_cpu, u64 wake_flags)
{
	struct bpf_cpumask *mask = bpf_cpumask_create();
	s32 cpu;

	if (!mask)
		return prev_cpu;
	bpf_cpumask_copy(mask, p->cpus_ptr);
	bpf_cpumask_clear_cpu(0, mask);
	cpu = scx_bpf_pick_idle_cpu((const struct cpumask *)mask, 0);
	bpf_cpumask_release(mask);
	return cpu >= 0 ? cpu : prev_cpu;
}

SEC(".struct_ops.link")
struct sched_ext_ops quiet = {
	.select_cpu = (void *)quiet_select_cpu,
	.name = "quiet",
};

char LICENSE[] SEC("license") = "GPL";
