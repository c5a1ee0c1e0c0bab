// Broken, tp_btf: a field is read by the name that it had before Linux 5.14.
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
	state = BPF_CORE_READ(old, state);
	if (!preempt && (state & TASK_UNINTERRUPTIBLE))
		blocked++;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
