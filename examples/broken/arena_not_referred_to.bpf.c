// Broken, arena: a program follows pointers into the arena, and nothing in it names the arena.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#define __arena __attribute__((address_space(1)))

struct {
	__uint(type, BPF_MAP_TYPE_ARENA);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 16); // pages
} arena SEC(".maps");

extern void __arena *bpf_arena_alloc_pages(void *map, void __arena *addr, __u32 pages, int node, __u64 flags) __ksym;

__u64 __arena *calls;

SEC("syscall")
int prepare(void *ctx)
{
	calls = bpf_arena_alloc_pages(&arena, NULL, 1, -1, 0);
	return calls ? 0 : -1;
}

SEC("tp_btf/sys_enter")
int BPF_PROG(count_call, struct pt_regs *regs, long id)
{
	__u64 __arena *of_cpu = calls;

	if (of_cpu)
		of_cpu[bpf_get_smp_processor_id() & 511]++;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
