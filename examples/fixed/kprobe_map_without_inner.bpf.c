// kprobe: remembers for each user which processes connected last, and when.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

struct processes {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, __u64);
};

// For each user, a table of the processes that connected.
struct {
	__uint(type, BPF_MAP_TYPE_HASH_OF_MAPS);
	__uint(max_entries, 256);
	__type(key, __u32);
	__array(values, struct processes);
} users SEC(".maps");

SEC("kprobe/security_socket_connect")
int BPF_KPROBE(connected)
{
	__u32 uid = bpf_get_current_uid_gid(), pid = bpf_get_current_pid_tgid() >> 32;
	void *processes = bpf_map_lookup_elem(&users, &uid);
	__u64 now = bpf_ktime_get_ns();

	if (processes)
		bpf_map_update_elem(processes, &pid, &now, BPF_ANY);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
