// Broken, kptr: a reference is stored into a map with an assignment.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

struct latest {
	struct task_struct __kptr *task;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, struct latest);
} users SEC(".maps");

extern struct task_struct *bpf_task_acquire(struct task_struct *p) __ksym;
extern void bpf_task_release(struct task_struct *p) __ksym;

SEC("tp_btf/sched_process_exec")
int BPF_PROG(remember_task, struct task_struct *p)
{
	__u32 uid = bpf_get_current_uid_gid() & 1023;
	struct latest *latest = bpf_map_lookup_elem(&users, &uid);
	struct task_struct *task;

	if (!latest)
		return 0;
	task = bpf_task_acquire(p);
	if (!task)
		return 0;
	latest->task = task;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
