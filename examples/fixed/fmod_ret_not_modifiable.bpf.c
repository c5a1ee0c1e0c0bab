// fmod_ret: files of one device cannot be removed.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#define EPERM 1

const volatile u32 protected_dev;

SEC("fmod_ret/security_inode_unlink")
int BPF_PROG(keep_files, struct inode *dir, struct dentry *dentry, int ret)
{
	if (ret)
		return ret;
	if (dir->i_sb->s_dev == protected_dev)
		return -EPERM;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
