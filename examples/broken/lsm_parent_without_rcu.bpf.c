// Broken, LSM: a program that may sleep uses a task's parent outside of an RCU read section.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#define EPERM 1

struct children {
	__u32 programs;
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct children);
} children SEC(".maps");

const volatile __u32 most = 100;

SEC("lsm.s/bprm_check_security")
int BPF_PROG(limit_children, struct linux_binprm *bprm, int ret)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct children *c;

	if (ret)
		return ret;
	c = bpf_task_storage_get(&children, task->real_parent, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!c)
		return 0;
	__sync_fetch_and_add(&c->programs, 1);
	return c->programs > most ? -EPERM : 0;
}

char LICENSE[] SEC("license") = "GPL";
