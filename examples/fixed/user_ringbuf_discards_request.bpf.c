// User ring buffer: user space sends the process ids that are to be watched.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_USER_RINGBUF);
	__uint(max_entries, 4096);
} requests SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, __u64);
} watched SEC(".maps");

static long watch(struct bpf_dynptr *request, void *ctx)
{
	__u64 now = bpf_ktime_get_ns();
	__u32 pid;

	if (bpf_dynptr_read(&pid, sizeof(pid), request, 0, 0) == 0)
		bpf_map_update_elem(&watched, &pid, &now, BPF_ANY);
	return 0;
}

SEC("syscall")
int take_requests(void *ctx)
{
	return bpf_user_ringbuf_drain(&requests, watch, NULL, 0);
}

char LICENSE[] SEC("license") = "GPL";
