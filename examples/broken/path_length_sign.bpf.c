// Broken, compiler: the length is an `int`, of which the compiler checks a copy, and extends the sign of another.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

#define PATH_SIZE 256

struct event {
	u32 pid;
	u32 uid;
	char path[PATH_SIZE];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct event);
} scratch SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
} events SEC(".maps");

SEC("tracepoint/syscalls/sys_enter_unlinkat")
int trace_unlinkat(struct trace_event_raw_sys_enter *ctx)
{
	const char *path = (const char *)ctx->args[1];
	struct event *e;
	u32 zero = 0;
	int len;

	e = bpf_map_lookup_elem(&scratch, &zero);
	if (!e)
		return 0;
	e->pid = bpf_get_current_pid_tgid() >> 32;
	e->uid = bpf_get_current_uid_gid();
	len = bpf_probe_read_user_str(e->path, sizeof(e->path), path);
	if (len < 0)
		return 0;
	bpf_ringbuf_output(&events, e, offsetof(struct event, path) + len, 0);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
