// Broken, fentry: what contains a kernel structure is read as if the verifier knew of it.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, int);
	__type(value, u64);
} opens SEC(".maps");

SEC("fentry/vfs_open")
int BPF_PROG(count_opens, const struct path *path, struct file *file)
{
	// As real_mount() of fs/mount.h.
	struct mount *mnt = container_of(path->mnt, struct mount, mnt);
	int id = mnt->mnt_id;
	u64 *count, one = 1;

	count = bpf_map_lookup_elem(&opens, &id);
	if (count)
		__sync_fetch_and_add(count, 1);
	else
		bpf_map_update_elem(&opens, &id, &one, BPF_NOEXIST);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
