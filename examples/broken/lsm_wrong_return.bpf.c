// Broken, LSM: EPERM is returned where the kernel expects -EPERM or 0.
#include <linux/bpf.h>
#include <linux/errno.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

SEC("lsm/bprm_check_security")
int BPF_PROG(only_root_executes)
{
	if ((__u32)bpf_get_current_uid_gid() != 0)
		return EPERM;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
