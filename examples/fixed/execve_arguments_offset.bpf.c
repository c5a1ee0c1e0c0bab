// Tracepoint: the arguments of programs that are started, one behind the other, as execsnoop has them.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

#define MAX_ARGS 60
#define ARG_SIZE 128
#define ARGS_SIZE 2048
#define LAST_ARG (ARGS_SIZE - ARG_SIZE)

struct event {
	u32 pid;
	u32 parent;
	u32 count;
	u32 size;
	char args[ARGS_SIZE];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct event);
} scratch SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, sizeof(u32));
	__uint(value_size, sizeof(u32));
} events SEC(".maps");

SEC("tracepoint/syscalls/sys_enter_execve")
int trace_execve(struct trace_event_raw_sys_enter *ctx)
{
	const char **argv = (const char **)ctx->args[1];
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	const char *arg;
	u32 zero = 0, size = 0;
	struct event *e;
	int i, n;

	e = bpf_map_lookup_elem(&scratch, &zero);
	if (!e)
		return 0;
	e->pid = bpf_get_current_pid_tgid() >> 32;
	e->parent = BPF_CORE_READ(task, real_parent, tgid);
	for (i = 0; i < MAX_ARGS; i++) {
		bpf_probe_read_user(&arg, sizeof(arg), &argv[i]);
		if (!arg)
			break;
		if (size > LAST_ARG)
			break;
		n = bpf_probe_read_user_str(&e->args[size], ARG_SIZE, arg);
		if (n < 0)
			break;
		size += n;
	}
	e->count = i;
	e->size = size;
	bpf_perf_event_output(ctx, &events, BPF_F_CURRENT_CPU, e, sizeof(*e));
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
