// tp_btf: counts how often a task goes to sleep that no signal wakes.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>

#define TASK_UNINTERRUPTIBLE 2

struct task_struct___before_5_14 {
	long state;
} __attribute__((preserve_access_index));

__u64 switches, blocked;

SEC("tp_btf/sched_switch")
int BPF_PROG(switched, bool preempt, struct task_struct *prev, struct task_struct *next)
{
	struct task_struct___before_5_14 *old = (void *)prev;
	long state;

	switches++;
	if (bpf_core_field_exists(old->state))
		state = BPF_CORE_READ(old, state);
	else
		state = prev->__state;
	if (!preempt && (state & TASK_UNINTERRUPTIBLE))
		blocked++;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
