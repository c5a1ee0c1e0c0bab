// Broken, kprobe: a length in a map's value is checked and then read again, when it may be another one.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>

#define MAX_MSG 1024

struct message {
	u32 used;
	char data[MAX_MSG];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, u64);
	__type(value, struct message);
} messages SEC(".maps");

SEC("ksyscall/sendto")
int BPF_KSYSCALL(trace_sendto, int fd, const char *buf, size_t len)
{
	u64 id = bpf_get_current_pid_tgid();
	struct message *m = bpf_map_lookup_elem(&messages, &id);

	if (!m)
		return 0;
	if (m->used > MAX_MSG - 64)
		return 0;
	if (len > 64)
		len = 64;
	bpf_probe_read_user(m->data, 16, buf);
	bpf_probe_read_user(m->data + m->used, len, buf);
	m->used += len;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
