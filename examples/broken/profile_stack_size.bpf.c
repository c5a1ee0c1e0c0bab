// Broken, perf event: more of the stack is asked for than the event has room for.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

#define MAX_STACK_DEPTH 127
#define KERNEL_DEPTH 64

struct event {
	u32 pid;
	u32 cpu;
	int kernel_size;
	int user_size;
	u64 kernel_stack[KERNEL_DEPTH];
	u64 user_stack[MAX_STACK_DEPTH];
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 20);
} events SEC(".maps");

SEC("perf_event")
int profile(struct bpf_perf_event_data *ctx)
{
	struct event *e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);

	if (!e)
		return 0;
	e->pid = bpf_get_current_pid_tgid() >> 32;
	e->cpu = bpf_get_smp_processor_id();
	e->user_size = bpf_get_stack(ctx, e->user_stack, sizeof(*e), BPF_F_USER_STACK);
	e->kernel_size = bpf_get_stack(ctx, e->kernel_stack, sizeof(e->kernel_stack), 0);
	bpf_ringbuf_submit(e, 0);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
