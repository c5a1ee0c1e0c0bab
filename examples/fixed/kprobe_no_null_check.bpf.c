// kprobe: counts the writes of processes that user space has put into a map.
#include <linux/bpf.h>
#include <linux/ptrace.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, __u64);
} calls SEC(".maps");

SEC("kprobe/vfs_write")
int BPF_KPROBE(count_writes)
{
	__u32 pid = bpf_get_current_pid_tgid() >> 32;
	__u64 *count = bpf_map_lookup_elem(&calls, &pid);

	if (!count)
		return 0;
	*count += 1;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
