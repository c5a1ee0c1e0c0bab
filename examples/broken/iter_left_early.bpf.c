// Broken, iterator: the function returns out of the loop, and the iterator is not destroyed.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#define SIGKILL 9

extern int bpf_iter_task_new(struct bpf_iter_task *it, struct task_struct *task, unsigned int flags) __ksym;
extern struct task_struct *bpf_iter_task_next(struct bpf_iter_task *it) __ksym;
extern void bpf_iter_task_destroy(struct bpf_iter_task *it) __ksym;

SEC("tp_btf/sched_process_exit")
int BPF_PROG(report_kill, struct task_struct *task)
{
	struct bpf_iter_task it;
	struct task_struct *thread;

	bpf_iter_task_new(&it, task, BPF_TASK_ITER_PROC_THREADS);
	while ((thread = bpf_iter_task_next(&it))) {
		if ((thread->exit_code & 0x7f) == SIGKILL) {
			bpf_printk("%s: thread %d was killed", task->comm, thread->pid);
			return 0;
		}
	}
	bpf_iter_task_destroy(&it);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
