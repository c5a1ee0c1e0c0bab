// Broken, iterator: the last call of an iterator has no task, and nothing looks whether there is one.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

SEC("iter/task")
int list_processes(struct bpf_iter__task *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct task_struct *task = ctx->task;

	if (ctx->meta->seq_num == 0)
		BPF_SEQ_PRINTF(seq, "    PID   PPID  SECONDS COMMAND\n");
	if (task->pid != task->tgid)
		return 0;
	BPF_SEQ_PRINTF(seq, "%7d %6d %8llu %s\n", task->tgid, task->real_parent->tgid,
		       (bpf_ktime_get_boot_ns() - task->start_boottime) / 1000000000, task->comm);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
