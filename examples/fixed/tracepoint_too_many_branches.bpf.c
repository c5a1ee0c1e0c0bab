// Tracepoint: counts the lines and exclamation marks that are written.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

struct text {
	char bytes[4096];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct text);
} texts SEC(".maps");

__u64 lines, errors;

static long look_at(__u32 i, struct text **text)
{
	char c = i < sizeof((*text)->bytes) ? (*text)->bytes[i] : 0;

	if (c == '\n')
		lines++;
	else if (c == '!')
		errors++;
	return !c; // 1 ends the loop
}

SEC("tracepoint/syscalls/sys_enter_write")
int count_lines(struct trace_event_raw_sys_enter *ctx)
{
	__u32 zero = 0;
	struct text *text = bpf_map_lookup_elem(&texts, &zero);

	if (!text || bpf_probe_read_user_str(text->bytes, sizeof(text->bytes), (void *)ctx->args[1]) < 0)
		return 0;
	bpf_loop(sizeof(text->bytes), look_at, &text, 0);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
