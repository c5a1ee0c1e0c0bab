// Broken, fentry: a name is read into a string literal, which is read-only memory.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>

SEC("fentry/vfs_mkdir")
int BPF_PROG(made, struct mnt_idmap *idmap, struct inode *dir, struct dentry *dentry)
{
	char *name = "(a name that is not known)";

	if (bpf_probe_read_kernel_str(name, 16, dentry->d_name.name) < 0)
		return 0;
	bpf_printk("made folder %s", name);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
