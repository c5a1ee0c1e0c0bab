// Tracepoint: counts the absolute paths that each process opens for writing.
#include <linux/bpf.h>
#include <linux/fcntl.h>
#include <bpf/bpf_helpers.h>

// As in /sys/kernel/tracing/events/syscalls/sys_enter_openat/format.
struct sys_enter_openat {
	__u64 common;
	__s64 nr;
	__s64 dfd;
	const char *filename;
	__s64 flags;
	__u64 mode;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, char[16]);
	__type(value, __u64);
} opened SEC(".maps");

SEC("tracepoint/syscalls/sys_enter_openat")
int count_opens(struct sys_enter_openat *ctx)
{
	char comm[16], first = 0;
	__u64 one = 1, *count;

	if ((ctx->flags & O_ACCMODE) == O_RDONLY)
		return 0;
	bpf_probe_read_user(&first, 1, ctx->filename);
	if (first != '/')
		return 0;
	bpf_get_current_comm(comm, sizeof(comm));
	count = bpf_map_lookup_elem(&opened, comm);
	if (count)
		__sync_fetch_and_add(count, 1);
	else
		bpf_map_update_elem(&opened, comm, &one, BPF_NOEXIST);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
