// Broken, sched_ext: the kernel's own mask of a task is changed instead of a copy.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

extern s32 scx_bpf_pick_idle_cpu(const struct cpumask *cpus_allowed, u64 flags) __ksym;
extern void bpf_cpumask_clear_cpu(u32 cpu, struct bpf_cpumask *cpumask) __ksym;

SEC("struct_ops/quiet_select_cpu")
s32 BPF_PROG(quiet_select_cpu, struct task_struct *p, s32 prev_cpu, u64 wake_flags)
{
	struct bpf_cpumask *mask = (struct bpf_cpumask *)p->cpus_ptr;
	s32 cpu;

	bpf_cpumask_clear_cpu(0, mask);
	cpu = scx_bpf_pick_idle_cpu((const struct cpumask *)mask, 0);
	return cpu >= 0 ? cpu : prev_cpu;
}

SEC(".struct_ops.link")
struct sched_ext_ops quiet = {
	.select_cpu = (void *)quiet_select_cpu,
	.name = "quiet",
};

char LICENSE[] SEC("license") = "GPL";
