// Iterator: reports the first thread of each process that forks.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

extern int bpf_iter_task_new(struct bpf_iter_task *it, struct task_struct *task, unsigned int flags) __ksym;
extern struct task_struct *bpf_iter_task_next(struct bpf_iter_task *it) __ksym;
extern void bpf_iter_task_destroy(struct bpf_iter_task *it) __ksym;

SEC("tp_btf/sched_process_fork")
int BPF_PROG(report_fork, struct task_struct *parent, struct task_struct *child)
{
	struct bpf_iter_task it;
	struct task_struct *first;

	bpf_iter_task_new(&it, parent, BPF_TASK_ITER_PROC_THREADS);
	first = bpf_iter_task_next(&it);
	if (first)
		bpf_printk("%d has forked, its first thread is %d", parent->tgid, first->pid);
	bpf_iter_task_destroy(&it);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
