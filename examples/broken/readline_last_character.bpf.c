// Broken, uretprobe: the length of a string may be an error, and one less than it is an index in any case.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#define MAX_LINE 80

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, sizeof(u32));
	__uint(value_size, sizeof(u32));
} events SEC(".maps");

SEC("uretprobe//bin/bash:readline")
int BPF_KRETPROBE(report_line, const void *ret)
{
	char line[MAX_LINE] = {};
	int n;

	if (!ret)
		return 0;
	n = bpf_probe_read_user_str(line, sizeof(line), ret);
	if (n > MAX_LINE)
		return 0;
	if (line[n - 2] == '\\') // the command goes on in the next line
		return 0;
	bpf_perf_event_output(ctx, &events, BPF_F_CURRENT_CPU, line, sizeof(line));
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
