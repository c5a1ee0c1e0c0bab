// fentry: sends who removed a file, and counts what could not be sent.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

struct removal {
	__u32 pid;
	__u64 when;
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 64 * 1024);
} removals SEC(".maps");

__u64 lost;

SEC("fentry/vfs_unlink")
int BPF_PROG(removed)
{
	struct removal *r;

	r = bpf_ringbuf_reserve(&removals, sizeof(*r), 0);
	if (!r) {
		__sync_fetch_and_add(&lost, 1);
		return 0;
	}

	r->pid = bpf_get_current_pid_tgid() >> 32;
	r->when = bpf_ktime_get_ns();
	bpf_ringbuf_submit(r, 0);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
