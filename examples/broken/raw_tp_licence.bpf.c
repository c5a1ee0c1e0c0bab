// Broken, raw tracepoint: a helper for GPL-compatible programs is called under another licence.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

char LICENSE[] SEC("license") = "Apache-2.0";

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, __u64);
} deaths SEC(".maps");

SEC("raw_tp/sched_process_exit")
int exited(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *task = (void *)ctx->args[0];
	__u64 *count, one = 1;
	__u32 parent;

	parent = BPF_CORE_READ(task, real_parent, tgid);
	count = bpf_map_lookup_elem(&deaths, &parent);
	if (count)
		__sync_fetch_and_add(count, 1);
	else
		bpf_map_update_elem(&deaths, &parent, &one, BPF_NOEXIST);
	return 0;
}
