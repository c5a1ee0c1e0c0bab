// Broken, RCU: a helper that may sleep is called inside an RCU read section.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

extern void bpf_rcu_read_lock(void) __ksym;
extern void bpf_rcu_read_unlock(void) __ksym;

struct event {
	__u32 pid;
	__u32 parent;
	char arguments[64];
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
} events SEC(".maps");

SEC("lsm.s/bprm_committed_creds")
int BPF_PROG(report_start, struct linux_binprm *bprm)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct event *e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);

	if (!e)
		return 0;
	e->pid = task->tgid;
	bpf_rcu_read_lock();
	e->parent = task->real_parent->tgid;
	bpf_copy_from_user(e->arguments, sizeof(e->arguments), (void *)bprm->p);
	bpf_rcu_read_unlock();
	bpf_ringbuf_submit(e, 0);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
