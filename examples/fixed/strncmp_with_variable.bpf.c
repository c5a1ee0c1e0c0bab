// Tracepoint: the sizes of writes of one command, whose name user space sets before the program is loaded.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

#define SLOTS 32

const volatile char command[TASK_COMM_LEN] = {};
u64 slots[SLOTS];

SEC("tracepoint/syscalls/sys_enter_write")
int measure_writes(struct trace_event_raw_sys_enter *ctx)
{
	char comm[TASK_COMM_LEN];
	u64 size = ctx->args[2];
	u32 slot = 0;

	bpf_get_current_comm(comm, sizeof(comm));
	if (bpf_strncmp(comm, sizeof(comm), (const char *)command))
		return 0;
	while (size > 1 && slot < SLOTS - 1) {
		size >>= 1;
		slot++;
	}
	__sync_fetch_and_add(&slots[slot], 1);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
