// Broken, syscall: a kernel function is needed that came with a later Linux.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

extern struct task_struct *bpf_task_from_vpid(s32 vpid) __ksym;
extern void bpf_task_release(struct task_struct *p) __ksym;

struct question {
	__s32 vpid;
	__u64 start_time;
};

SEC("syscall")
int when_started(struct question *q)
{
	struct task_struct *task = bpf_task_from_vpid(q->vpid);

	if (!task)
		return -1;
	q->start_time = task->start_time;
	bpf_task_release(task);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
