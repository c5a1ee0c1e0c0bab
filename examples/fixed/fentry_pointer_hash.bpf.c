// fentry: counts the reads of each file that is open.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#define SLOTS 1024

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, SLOTS);
	__type(key, u64);
	__type(value, u64);
} reads SEC(".maps");

SEC("fentry/vfs_read")
int BPF_PROG(count_reads, struct file *file)
{
	u64 key = (u64)file, one = 1, *count;

	if (!(file->f_mode & 1)) // FMODE_READ
		return 0;
	count = bpf_map_lookup_elem(&reads, &key);
	if (count)
		__sync_fetch_and_add(count, 1);
	else
		bpf_map_update_elem(&reads, &key, &one, BPF_NOEXIST);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
