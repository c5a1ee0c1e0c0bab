// Broken, tracepoint: each rule of a filter calls the next one, nine functions deep.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

struct event {
	__u64 cgroup;
	__u32 uid, gid, pid, cpu;
	char comm[16];
};

struct event last;
volatile const __u32 skip_uid, skip_gid, skip_pid, skip_cpu;
volatile const __u64 skip_cgroup;

static __noinline int remember(struct event *e)
{
	last = *e;
	return 1;
}

#define RULE(name, condition, next)                      \
	static __noinline int name(struct event *e)      \
	{                                                \
		return (condition) ? 0 : next(e);        \
	}

RULE(by_letter, e->comm[0] == '[', remember)
RULE(by_name, !e->comm[0], by_letter)
RULE(by_cgroup, e->cgroup == skip_cgroup, by_name)
RULE(by_cpu, e->cpu == skip_cpu, by_cgroup)
RULE(by_pid, e->pid == skip_pid, by_cpu)
RULE(by_gid, e->gid == skip_gid, by_pid)
RULE(by_uid, e->uid == skip_uid, by_gid)

SEC("tracepoint/sched/sched_process_exec")
int executed(void *ctx)
{
	struct event e = {
		.cgroup = bpf_get_current_cgroup_id(),
		.uid = bpf_get_current_uid_gid(),
		.gid = bpf_get_current_uid_gid() >> 32,
		.pid = bpf_get_current_pid_tgid() >> 32,
		.cpu = bpf_get_smp_processor_id(),
	};

	bpf_get_current_comm(e.comm, sizeof(e.comm));
	by_uid(&e);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
