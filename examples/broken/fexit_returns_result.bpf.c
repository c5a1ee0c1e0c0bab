// Broken, fexit: the program returns the traced function's result, where only 0 is allowed.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#define MAX_ERRNO 4095

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 256);
	__type(key, int);
	__type(value, u64);
} failures SEC(".maps");

SEC("fexit/vfs_unlink")
int BPF_PROG(count_failures, struct mnt_idmap *idmap, struct inode *dir, struct dentry *dentry,
	     struct inode **delegated, int ret)
{
	u64 *count, one = 1;

	if (ret >= 0)
		return ret;
	count = bpf_map_lookup_elem(&failures, &ret);
	if (count)
		__sync_fetch_and_add(count, 1);
	else
		bpf_map_update_elem(&failures, &ret, &one, BPF_NOEXIST);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
