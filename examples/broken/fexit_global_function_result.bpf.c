// Broken, fexit: a global function returns a slot of a histogram, and the caller relies on how large it is.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#define SLOTS 16

__u64 histogram[SLOTS];

__noinline int slot_of(__u64 bytes)
{
	int slot = 0;

	for (int i = 1; i < SLOTS; i++) {
		if (bytes >> i)
			slot = i;
	}
	return slot;
}

SEC("fexit/vfs_read")
int BPF_PROG(was_read, struct file *file, char *buf, size_t count, loff_t *pos, ssize_t ret)
{
	if (ret > 0)
		histogram[slot_of(ret)]++;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
