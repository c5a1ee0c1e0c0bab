// Exceptions: a check that fails ends the program, which has released what it held.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

extern struct task_struct *bpf_task_from_pid(s32 pid) __ksym;
extern void bpf_task_release(struct task_struct *p) __ksym;
extern void bpf_throw(__u64 cookie) __ksym;

struct question {
	__s32 pid;
	__u64 runtime;
};

SEC("syscall")
int runtime_of(struct question *question)
{
	struct task_struct *task = bpf_task_from_pid(question->pid);
	__u64 runtime;

	if (!task)
		return -3; // ESRCH
	runtime = task->se.sum_exec_runtime;
	bpf_task_release(task);
	if (runtime == 0)
		bpf_throw(1);
	question->runtime = runtime;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
