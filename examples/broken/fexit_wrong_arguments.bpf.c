// Broken, fexit: an argument of the traced function is left out, so that the next one is taken for the result.
#include <linux/bpf.h>
#include <linux/fcntl.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

// What is used of the kernel's types. CO-RE finds the fields where they are.
struct filename;
struct open_flags;

struct inode {
	unsigned long i_ino;
} __attribute__((preserve_access_index));

struct file {
	unsigned int f_flags;
	struct inode *f_inode;
} __attribute__((preserve_access_index));

__u64 opens;

SEC("fentry/do_filp_open")
int BPF_PROG(count_opens)
{
	__sync_fetch_and_add(&opens, 1);
	return 0;
}

SEC("fexit/do_filp_open")
int BPF_PROG(report_opened, int dfd, struct filename *name, struct file *opened)
{
	if ((opened->f_flags & O_ACCMODE) == O_RDONLY)
		return 0;
	bpf_printk("inode %lu is open for writing", opened->f_inode->i_ino);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
