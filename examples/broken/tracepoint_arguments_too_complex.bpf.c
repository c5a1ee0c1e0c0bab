// Broken, tracepoint: a parser of arguments has loops in loops, all of which the verifier follows.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

#define MOST_ARGS 64
#define MOST_CHARS 128

struct text {
	char args[MOST_ARGS][MOST_CHARS];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct text);
} texts SEC(".maps");

__u64 options, longest;

SEC("tracepoint/syscalls/sys_enter_execve")
int count_options(struct trace_event_raw_sys_enter *ctx)
{
	const char **argv = (const char **)ctx->args[1];
	__u32 zero = 0, dashes, length;
	struct text *text = bpf_map_lookup_elem(&texts, &zero);

	if (!text)
		return 0;
	for (int i = 0; i < MOST_ARGS; i++) {
		const char *from = NULL;

		bpf_probe_read_user(&from, sizeof(from), &argv[i]);
		if (!from || bpf_probe_read_user_str(text->args[i], MOST_CHARS, from) < 0)
			break;
		dashes = length = 0;
		for (int k = 0; k < MOST_CHARS && text->args[i][k]; k++) {
			if (text->args[i][k] == '-' && dashes == k)
				dashes++;
			else
				length++;
		}
		if (dashes)
			options++;
		if (length > longest)
			longest = length;
	}
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
