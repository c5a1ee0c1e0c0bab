// Tracepoint: counts the programs that are started from below /tmp.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

u64 started;

SEC("tracepoint/sched/sched_process_exec")
int count_programs(struct trace_event_raw_sched_process_exec *ctx)
{
	// A __data_loc has the text's offset in its lower half, its length in the upper.
	const char *name = (const char *)ctx + (ctx->__data_loc_filename & 0xffff);
	char begin[5] = {};

	bpf_probe_read_kernel(begin, sizeof(begin), name);
	if (begin[0] == '/' && begin[1] == 't' && begin[2] == 'm' && begin[3] == 'p' && begin[4] == '/')
		__sync_fetch_and_add(&started, 1);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
