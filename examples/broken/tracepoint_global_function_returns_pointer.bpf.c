// Broken, tracepoint: a function that finds a map's value is not static, and so may not return it.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

struct usage {
	__u64 since, switches;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, __u32);
	__type(value, struct usage);
} usages SEC(".maps");

__noinline struct usage *usage_of(__u32 pid)
{
	struct usage first = { .since = bpf_ktime_get_ns() };
	struct usage *usage = bpf_map_lookup_elem(&usages, &pid);

	if (usage)
		return usage;
	bpf_map_update_elem(&usages, &pid, &first, BPF_NOEXIST);
	return bpf_map_lookup_elem(&usages, &pid);
}

SEC("tracepoint/sched/sched_switch")
int switched(struct trace_event_raw_sched_switch *ctx)
{
	struct usage *usage = usage_of(ctx->prev_pid);

	if (usage)
		usage->switches++;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
