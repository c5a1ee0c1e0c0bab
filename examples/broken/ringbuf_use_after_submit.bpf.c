// Broken, ring buffer: an event is read after it was submitted.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

#define SIGNALS 65

struct event {
	u32 from;
	u32 to;
	int sig;
	char comm[TASK_COMM_LEN];
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 64 * 1024);
} events SEC(".maps");

u64 sent[SIGNALS];

SEC("tracepoint/signal/signal_generate")
int report_signal(struct trace_event_raw_signal_generate *ctx)
{
	struct event *e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);

	if (!e)
		return 0;
	e->from = bpf_get_current_pid_tgid() >> 32;
	e->to = ctx->pid;
	e->sig = ctx->sig;
	bpf_get_current_comm(e->comm, sizeof(e->comm));
	bpf_ringbuf_submit(e, 0);
	if (e->sig > 0 && e->sig < SIGNALS)
		__sync_fetch_and_add(&sent[e->sig], 1);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
