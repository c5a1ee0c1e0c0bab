// Broken, fmod_ret: the result of a function is to be changed that does not let it be changed.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#define EPERM 1

const volatile u32 protected_dev;

SEC("fmod_ret/vfs_unlink")
int BPF_PROG(keep_files, struct mnt_idmap *idmap, struct inode *dir, struct dentry *dentry,
	     struct inode **delegated, int ret)
{
	if (ret)
		return ret;
	if (dir->i_sb->s_dev == protected_dev)
		return -EPERM;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
