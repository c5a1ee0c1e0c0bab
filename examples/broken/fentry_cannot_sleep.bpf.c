// Broken, fentry: a program that sleeps is attached to a function in which nobody may.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>

u64 zeroes, others;

SEC("fentry.s/vfs_write")
int BPF_PROG(look_at_writes, struct file *file, const char *buf, size_t count)
{
	char begin[64] = {};

	if (bpf_copy_from_user(begin, sizeof(begin), buf))
		return 0;
	for (int i = 0; i < sizeof(begin); i++) {
		if (begin[i])
			others++;
		else
			zeroes++;
	}
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
