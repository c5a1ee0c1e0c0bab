// Broken, dynptr: what bpf_ringbuf_reserve_dynptr made is not discarded where it failed.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

struct event {
	__u32 pid;
	__u32 uid;
	char file[256];
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
} events SEC(".maps");

__u64 lost;

SEC("tp_btf/sched_process_exec")
int BPF_PROG(report_exec, struct task_struct *task, pid_t old_pid, struct linux_binprm *bprm)
{
	struct bpf_dynptr record;
	struct event *e;

	if (bpf_ringbuf_reserve_dynptr(&events, sizeof(*e), 0, &record)) {
		__sync_fetch_and_add(&lost, 1);
		return 0;
	}
	e = bpf_dynptr_data(&record, 0, sizeof(*e));
	if (e) {
		e->pid = task->tgid;
		e->uid = bpf_get_current_uid_gid();
		bpf_probe_read_kernel_str(e->file, sizeof(e->file), bprm->filename);
	}
	bpf_ringbuf_submit_dynptr(&record, 0);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
