// Broken, fentry: the address of a kernel object is shifted to make a slot of a table of it.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#define SLOTS 1024

u64 reads[SLOTS];

SEC("fentry/vfs_read")
int BPF_PROG(count_reads, struct file *file)
{
	u64 slot = ((u64)file >> 8) & (SLOTS - 1);

	if (!(file->f_mode & 1)) // FMODE_READ
		return 0;
	__sync_fetch_and_add(&reads[slot], 1);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
