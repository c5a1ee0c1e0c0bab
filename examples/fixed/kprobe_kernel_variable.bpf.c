// kprobe: remembers the processes that extend their heap by more than a hundredth of the memory at once.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

extern const void _totalram_pages __ksym;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, __u64);
} large SEC(".maps");

SEC("kprobe/do_brk_flags")
int BPF_KPROBE(grows, void *vmi, void *vma, unsigned long addr, unsigned long len)
{
	__u32 pid = bpf_get_current_pid_tgid() >> 32;
	__u64 pages = len >> 12;

	unsigned long all = 0;

	bpf_probe_read_kernel(&all, sizeof(all), &_totalram_pages);
	if (pages * 100 > all)
		bpf_map_update_elem(&large, &pid, &pages, BPF_ANY);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
