// Broken, fentry: a global function relies on its caller for a pointer that is not NULL.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

struct usage {
	__u64 calls, bytes;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, struct usage);
} usages SEC(".maps");

__noinline int account(struct usage *usage, __u64 bytes)
{
	usage->calls++;
	usage->bytes += bytes;
	return 0;
}

SEC("fentry/vfs_write")
int BPF_PROG(written, struct file *file, const char *buf, size_t count)
{
	__u32 pid = bpf_get_current_pid_tgid() >> 32;
	struct usage *usage = bpf_map_lookup_elem(&usages, &pid);

	if (usage)
		account(usage, count);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
