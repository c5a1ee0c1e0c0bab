// Broken, LSM: a dynptr is to be made of an array on the stack.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#define EPERM 1

extern int bpf_get_file_xattr(struct file *file, const char *name, struct bpf_dynptr *value) __ksym;

SEC("lsm.s/bprm_check_security")
int BPF_PROG(no_downloads, struct linux_binprm *bprm, int ret)
{
	struct bpf_dynptr value;
	char label[16] = {};

	if (ret)
		return ret;
	bpf_dynptr_from_mem(label, sizeof(label), 0, &value);
	if (bpf_get_file_xattr(bprm->file, "user.origin", &value) < 0)
		return 0;
	return bpf_strncmp(label, 8, "download") == 0 ? -EPERM : 0;
}

char LICENSE[] SEC("license") = "GPL";
