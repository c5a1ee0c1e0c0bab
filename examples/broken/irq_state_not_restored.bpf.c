// Broken, interrupts: on one path they stay disabled.
// Kernel: 7.3
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

extern void bpf_local_irq_save(unsigned long *flags) __ksym;
extern void bpf_local_irq_restore(unsigned long *flags) __ksym;

struct load {
	__u64 switches;
	__u64 of_processes;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct load);
} loads SEC(".maps");

SEC("tp_btf/sched_switch")
int BPF_PROG(count_switches, bool preempt, struct task_struct *prev, struct task_struct *next)
{
	unsigned long flags;
	struct load *load;
	__u32 first = 0;

	load = bpf_map_lookup_elem(&loads, &first);
	if (!load)
		return 0;
	bpf_local_irq_save(&flags);
	load->switches++;
	if (!next->mm) // a thread of the kernel
		return 0;
	load->of_processes++;
	bpf_local_irq_restore(&flags);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
