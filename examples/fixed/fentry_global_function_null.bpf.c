// fentry: counts the calls and bytes of write, per process.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#ifndef __arg_nonnull // bpf_helpers.h of libbpf 1.4 has it
#define __arg_nonnull __attribute__((btf_decl_tag("arg:nonnull")))
#endif

struct usage {
	__u64 calls, bytes;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, struct usage);
} usages SEC(".maps");

__noinline int account(struct usage *usage __arg_nonnull, __u64 bytes)
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
