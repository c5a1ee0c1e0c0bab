// perf event: a histogram of how many tasks wait for each CPU.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

#define MAX_CPUS 128
#define SLOTS 64

extern const struct rq runqueues __ksym;

u64 lengths[SLOTS];
const volatile u32 cpus = 1;

SEC("perf_event")
int sample_runqueues(struct bpf_perf_event_data *ctx)
{
	for (u32 cpu = 0; cpu < cpus && cpu < MAX_CPUS; cpu++) {
		const struct rq *rq = bpf_per_cpu_ptr(&runqueues, cpu);
		u32 len;

		if (!rq)
			break;
		len = rq->nr_running;
		if (len >= SLOTS)
			len = SLOTS - 1;
		__sync_fetch_and_add(&lengths[len], 1);
	}
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
