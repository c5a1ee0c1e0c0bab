// Broken, tracepoint: the text behind a tracepoint's record is read directly, at an offset that only the record tells.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

u64 started;

SEC("tracepoint/sched/sched_process_exec")
int count_programs(struct trace_event_raw_sched_process_exec *ctx)
{
	// A __data_loc has the text's offset in its lower half, its length in the upper.
	const char *name = (const char *)ctx + (ctx->__data_loc_filename & 0xffff);

	if (name[0] == '/' && name[1] == 't' && name[2] == 'm' && name[3] == 'p' && name[4] == '/')
		__sync_fetch_and_add(&started, 1);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
