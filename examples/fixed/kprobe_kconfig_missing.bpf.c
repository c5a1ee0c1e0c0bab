// kprobe: counts migrations of pages, by whether the kernel knows several nodes.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

extern int CONFIG_NODES_SHIFT __kconfig __weak;

__u64 local, remote;

SEC("kprobe/migrate_pages")
int BPF_KPROBE(migrates)
{
	if (CONFIG_NODES_SHIFT > 0)
		__sync_fetch_and_add(&remote, 1);
	else
		__sync_fetch_and_add(&local, 1);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
