// LSM: programs that are labelled as downloaded are not executed.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#define EPERM 1

extern int bpf_get_file_xattr(struct file *file, const char *name, struct bpf_dynptr *value) __ksym;

struct label {
	char text[16];
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct label);
} labels SEC(".maps");

SEC("lsm.s/bprm_check_security")
int BPF_PROG(no_downloads, struct linux_binprm *bprm, int ret)
{
	struct bpf_dynptr value;
	struct label *label;

	if (ret)
		return ret;
	label = bpf_task_storage_get(&labels, bpf_get_current_task_btf(), 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!label)
		return 0;
	bpf_dynptr_from_mem(label->text, sizeof(label->text), 0, &value);
	if (bpf_get_file_xattr(bprm->file, "user.origin", &value) < 0)
		return 0;
	return bpf_strncmp(label->text, 8, "download") == 0 ? -EPERM : 0;
}

char LICENSE[] SEC("license") = "GPL";
