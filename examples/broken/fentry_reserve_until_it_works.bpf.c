// Broken, fentry: a record of a full ring buffer is asked for again until there is room.
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

SEC("fentry/vfs_unlink")
int BPF_PROG(removed)
{
	struct removal *r;

	do {
		r = bpf_ringbuf_reserve(&removals, sizeof(*r), 0);
	} while (!r);

	r->pid = bpf_get_current_pid_tgid() >> 32;
	r->when = bpf_ktime_get_ns();
	bpf_ringbuf_submit(r, 0);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
