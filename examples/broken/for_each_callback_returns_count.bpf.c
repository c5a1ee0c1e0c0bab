// Broken, bpf_for_each_map_elem: the callback returns a count instead of whether to go on.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

#define MINUTE 60000000000ull

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, __u64);
	__type(value, __u64);
} opened SEC(".maps");

struct count {
	__u64 now;
	__u32 old;
};

static long is_old(struct bpf_map *map, __u64 *socket, __u64 *since, struct count *count)
{
	if (count->now - *since < MINUTE)
		return 0;
	return ++count->old;
}

SEC("syscall")
int count_old(void *ctx)
{
	struct count count = { .now = bpf_ktime_get_ns() };

	bpf_for_each_map_elem(&opened, is_old, &count, 0);
	return count.old;
}

char LICENSE[] SEC("license") = "GPL";
