// fentry and fexit: reports reads that got less than was asked for, with the file's inode.
#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

// What is used of the kernel's types. CO-RE finds the fields where they are.
struct inode {
	unsigned long i_ino;
} __attribute__((preserve_access_index));

struct file {
	struct inode *f_inode;
} __attribute__((preserve_access_index));

__u64 reads, short_reads;

SEC("fentry/vfs_read")
int BPF_PROG(count_reads)
{
	__sync_fetch_and_add(&reads, 1);
	return 0;
}

SEC("fexit/vfs_read")
int BPF_PROG(report_short_reads, struct file *file, char *buf, unsigned long count, long *pos, long got)
{
	if (got < 0 || (unsigned long)got == count)
		return 0;
	__sync_fetch_and_add(&short_reads, 1);
	bpf_printk("inode %lu: %ld of %lu bytes", file->f_inode->i_ino, got, count);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
