// Broken, references: a task is released that the program was only shown.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

extern struct task_struct *bpf_task_from_pid(s32 pid) __ksym;
extern void bpf_task_release(struct task_struct *p) __ksym;

SEC("tp_btf/sched_process_exit")
int BPF_PROG(report_exit, struct task_struct *task)
{
	struct task_struct *parent = bpf_task_from_pid(task->real_parent->tgid);

	if (!parent)
		return 0;
	bpf_printk("%s ended, a child of %s", task->comm, parent->comm);
	bpf_task_release(parent);
	bpf_task_release(task);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
