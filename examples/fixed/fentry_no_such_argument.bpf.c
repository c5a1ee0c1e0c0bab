// fentry: counts the files that are removed, by their owner.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, u32);
	__type(value, u64);
} removed SEC(".maps");

SEC("fentry/security_inode_unlink")
int BPF_PROG(count_unlinks, struct inode *dir, struct dentry *dentry)
{
	u32 uid = dentry->d_inode->i_uid.val;
	u64 *count, one = 1;

	count = bpf_map_lookup_elem(&removed, &uid);
	if (count)
		__sync_fetch_and_add(count, 1);
	else
		bpf_map_update_elem(&removed, &uid, &one, BPF_NOEXIST);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
