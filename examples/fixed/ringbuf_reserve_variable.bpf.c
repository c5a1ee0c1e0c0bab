// Ring buffer: what processes write to their terminals.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>

#define MAX_DATA 256

struct event {
	u32 pid;
	u32 len;
	char data[MAX_DATA];
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
} events SEC(".maps");

SEC("ksyscall/write")
int BPF_KSYSCALL(report_write, unsigned int fd, const char *buf, size_t count)
{
	struct event *e;

	if (fd != 1)
		return 0;
	if (count > MAX_DATA)
		count = MAX_DATA;
	e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);
	if (!e)
		return 0;
	e->pid = bpf_get_current_pid_tgid() >> 32;
	e->len = count;
	bpf_probe_read_user(e->data, count, buf);
	bpf_ringbuf_submit(e, 0);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
