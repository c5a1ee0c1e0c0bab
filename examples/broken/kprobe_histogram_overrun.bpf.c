// Broken, kprobe: the slot of a histogram is not kept below the number of slots.
#include <linux/bpf.h>
#include <linux/ptrace.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#define SLOTS 32

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 10240);
	__type(key, __u64);
	__type(value, __u64);
} started SEC(".maps");

__u32 histogram[SLOTS];

SEC("kprobe/vfs_read")
int BPF_KPROBE(read_begins)
{
	__u64 task = bpf_get_current_pid_tgid();
	__u64 now = bpf_ktime_get_ns();

	bpf_map_update_elem(&started, &task, &now, BPF_ANY);
	return 0;
}

SEC("kretprobe/vfs_read")
int BPF_KRETPROBE(read_ends)
{
	__u64 task = bpf_get_current_pid_tgid();
	__u64 *begin = bpf_map_lookup_elem(&started, &task);
	__u32 slot = 0;

	if (!begin)
		return 0;
	__u64 us = (bpf_ktime_get_ns() - *begin) / 1000;
	bpf_map_delete_elem(&started, &task);
	while (us > 1) {
		us >>= 1;
		slot++;
	}
	__sync_fetch_and_add(&histogram[slot], 1);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
