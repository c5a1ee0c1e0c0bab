// fentry: counts the files that are removed whose names end a test run.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

u64 removed;

SEC("fentry/security_inode_unlink")
int BPF_PROG(count_removed, struct inode *dir, struct dentry *dentry)
{
	char name[8] = {};

	bpf_probe_read_kernel_str(name, sizeof(name), dentry->d_name.name);
	if (bpf_strncmp(name, sizeof(name), "core.dmp") == 0)
		__sync_fetch_and_add(&removed, 1);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
