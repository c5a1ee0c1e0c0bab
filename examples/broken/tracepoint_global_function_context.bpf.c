// Broken, tracepoint: a global function takes the context as a structure that the verifier does not know as one.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define O_CREAT 0100

struct sys_enter_openat {
	__u64 common;
	__s64 nr;
	__s64 dfd;
	const char *filename;
	__u64 flags;
	__u64 mode;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(__u32));
} events SEC(".maps");

__noinline int report(struct sys_enter_openat *ctx, __u32 pid)
{
	return bpf_perf_event_output(ctx, &events, BPF_F_CURRENT_CPU, &pid, sizeof(pid));
}

SEC("tracepoint/syscalls/sys_enter_openat")
int created(struct sys_enter_openat *ctx)
{
	if (ctx->flags & O_CREAT)
		report(ctx, bpf_get_current_pid_tgid() >> 32);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
