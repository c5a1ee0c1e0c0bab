// Broken, iterator: a program that may sleep walks the tasks outside of an RCU read section.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

#define UNINTERRUPTIBLE 2

extern int bpf_iter_task_new(struct bpf_iter_task *it, struct task_struct *task, unsigned int flags) __ksym;
extern struct task_struct *bpf_iter_task_next(struct bpf_iter_task *it) __ksym;
extern void bpf_iter_task_destroy(struct bpf_iter_task *it) __ksym;

SEC("syscall")
int count_waiting(void *ctx)
{
	struct bpf_iter_task it;
	struct task_struct *task;
	int waiting = 0;

	bpf_iter_task_new(&it, NULL, BPF_TASK_ITER_ALL_PROCS);
	while ((task = bpf_iter_task_next(&it)))
		if (task->__state == UNINTERRUPTIBLE)
			waiting++;
	bpf_iter_task_destroy(&it);
	return waiting;
}

char LICENSE[] SEC("license") = "GPL";
