// syscall: says when a process of the caller's PID namespace was started, where the kernel can.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

extern struct task_struct *bpf_task_from_vpid(s32 vpid) __ksym __weak;
extern void bpf_task_release(struct task_struct *p) __ksym;

#ifndef bpf_ksym_exists // bpf_helpers.h of libbpf 1.2 has it
#define bpf_ksym_exists(sym) (!!sym)
#endif

struct question {
	__s32 vpid;
	__u64 start_time;
};

SEC("syscall")
int when_started(struct question *q)
{
	if (!bpf_ksym_exists(bpf_task_from_vpid))
		return -1;
	struct task_struct *task = bpf_task_from_vpid(q->vpid);

	if (!task)
		return -1;
	q->start_time = task->start_time;
	bpf_task_release(task);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
