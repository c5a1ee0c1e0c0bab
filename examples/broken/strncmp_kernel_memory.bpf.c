// Broken, fentry: a helper that compares the program's own memory is given a string of the kernel.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

u64 removed;

SEC("fentry/security_inode_unlink")
int BPF_PROG(count_removed, struct inode *dir, struct dentry *dentry)
{
	if (bpf_strncmp((const char *)dentry->d_iname, 8, "core.dmp") == 0)
		__sync_fetch_and_add(&removed, 1);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
