// Broken, fentry: an argument of the traced function is changed, which may only be read.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

struct file {
	unsigned int f_flags;
} __attribute__((preserve_access_index));

SEC("fentry/vfs_write")
int BPF_PROG(force_append, struct file *file)
{
	file->f_flags |= 02000; // O_APPEND
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
