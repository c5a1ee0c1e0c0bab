// Broken, ring buffer: the map was made a ring buffer, and the call is still the one for perf buffers.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>

struct event {
	u32 pid;
	u32 addr;
	u16 port;
	char comm[TASK_COMM_LEN];
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
} events SEC(".maps");

SEC("kretprobe/inet_csk_accept")
int BPF_KRETPROBE(report_accept, struct sock *sk)
{
	struct event e = {};

	if (!sk)
		return 0;
	e.pid = bpf_get_current_pid_tgid() >> 32;
	e.addr = BPF_CORE_READ(sk, __sk_common.skc_daddr);
	e.port = BPF_CORE_READ(sk, __sk_common.skc_num);
	bpf_get_current_comm(e.comm, sizeof(e.comm));
	bpf_perf_event_output(ctx, &events, BPF_F_CURRENT_CPU, &e, sizeof(e));
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
