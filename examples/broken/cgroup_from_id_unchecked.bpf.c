// Broken, cgroup: what bpf_cgroup_from_id returned is passed on without a check.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#define EPERM 1

extern struct cgroup *bpf_cgroup_from_id(__u64 id) __ksym;
extern void bpf_cgroup_release(struct cgroup *cgroup) __ksym;
extern long bpf_task_under_cgroup(struct task_struct *task, struct cgroup *ancestor) __ksym;

const volatile __u64 privileged = 1;

SEC("lsm/task_kill")
int BPF_PROG(restrict_signals, struct task_struct *receiver, struct kernel_siginfo *info, int signal)
{
	struct cgroup *cgroup;
	bool inside;

	cgroup = bpf_cgroup_from_id(privileged);
	inside = bpf_task_under_cgroup(bpf_get_current_task_btf(), cgroup);
	bpf_cgroup_release(cgroup);
	return inside ? 0 : -EPERM;
}

char LICENSE[] SEC("license") = "GPL";
