// Broken, tracepoint: the name of the section is misspelt.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 10240);
	__type(key, __u32);
	__type(value, __u64);
} births SEC(".maps");

SEC("tracepoints/sched/sched_process_fork")
int forked(struct trace_event_raw_sched_process_fork *ctx)
{
	__u32 child = ctx->child_pid;
	__u64 now = bpf_ktime_get_ns();

	bpf_map_update_elem(&births, &child, &now, BPF_ANY);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
