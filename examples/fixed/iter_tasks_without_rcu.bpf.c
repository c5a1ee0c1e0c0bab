// Iterator: counts the tasks that wait for a disk, when user space asks for it.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

#define UNINTERRUPTIBLE 2

extern void bpf_rcu_read_lock(void) __ksym;
extern void bpf_rcu_read_unlock(void) __ksym;
extern int bpf_iter_task_new(struct bpf_iter_task *it, struct task_struct *task, unsigned int flags) __ksym;
extern struct task_struct *bpf_iter_task_next(struct bpf_iter_task *it) __ksym;
extern void bpf_iter_task_destroy(struct bpf_iter_task *it) __ksym;

SEC("syscall")
int count_waiting(void *ctx)
{
	struct bpf_iter_task it;
	struct task_struct *task;
	int waiting = 0;

	bpf_rcu_read_lock();
	bpf_iter_task_new(&it, NULL, BPF_TASK_ITER_ALL_PROCS);
	while ((task = bpf_iter_task_next(&it)))
		if (task->__state == UNINTERRUPTIBLE)
			waiting++;
	bpf_iter_task_destroy(&it);
	bpf_rcu_read_unlock();
	return waiting;
}

char LICENSE[] SEC("license") = "GPL";
