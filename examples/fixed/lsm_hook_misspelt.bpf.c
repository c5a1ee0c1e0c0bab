// LSM: nobody may attach a debugger to the process whose number is set at load time.
#include <linux/bpf.h>
#include <linux/errno.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

struct task_struct {
	int tgid;
} __attribute__((preserve_access_index));

const volatile int protected_pid = 1;

SEC("lsm/ptrace_access_check")
int BPF_PROG(no_ptrace, struct task_struct *child, unsigned int mode, int ret)
{
	if (ret) // another module has said no
		return ret;
	return child->tgid == protected_pid ? -EPERM : 0;
}

char LICENSE[] SEC("license") = "GPL";
