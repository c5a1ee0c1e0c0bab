// Broken, raw tracepoint: a loop that compares strings trusts that they end.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>

char wanted[64]; // set by user space
u64 switches;

static __always_inline bool same(const char *a, const char *b)
{
	int i = 0;

	while (a[i] == b[i]) {
		if (a[i] == '\0')
			return true;
		i++;
	}
	return false;
}

SEC("raw_tp/sched_switch")
int BPF_PROG(count_switches, bool preempt, struct task_struct *prev, struct task_struct *next)
{
	char comm[TASK_COMM_LEN];

	BPF_CORE_READ_STR_INTO(&comm, next, comm);
	if (same(comm, wanted))
		__sync_fetch_and_add(&switches, 1);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
