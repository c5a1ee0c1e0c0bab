// Broken, ring buffer: the length that reading a string returned is used as a size, and a failure is a negative one.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

#define NAME_MAX_LEN 256

struct event {
	u32 pid;
	u32 uid;
	char name[NAME_MAX_LEN];
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

SEC("tracepoint/syscalls/sys_enter_openat")
int trace_openat(struct trace_event_raw_sys_enter *ctx)
{
	const char *name = (const char *)ctx->args[1];
	struct event *e;
	u32 zero = 0;
	long len;

	e = bpf_map_lookup_elem(&scratch, &zero);
	if (!e)
		return 0;
	e->pid = bpf_get_current_pid_tgid() >> 32;
	e->uid = bpf_get_current_uid_gid();
	len = bpf_probe_read_user_str(e->name, sizeof(e->name), name);
	bpf_ringbuf_output(&events, e, offsetof(struct event, name) + len, 0);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
