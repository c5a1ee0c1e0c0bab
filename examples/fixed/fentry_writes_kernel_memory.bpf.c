// fentry: counts writes to files that are open for appending.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

struct file {
	unsigned int f_flags;
} __attribute__((preserve_access_index));

__u64 appended;

SEC("fentry/vfs_write")
int BPF_PROG(count_appends, struct file *file)
{
	if (file->f_flags & 02000) // O_APPEND
		__sync_fetch_and_add(&appended, 1);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
