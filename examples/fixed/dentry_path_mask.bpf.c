// kprobe: the path of a file that is removed, put together from its dentries, as tracee does it.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>

#define BUF_SIZE 4096
#define MAX_DEPTH 20
#define MAX_NAME 255

struct path_buf {
	char data[BUF_SIZE + MAX_NAME + 1]; // behind the last offset there is room for a name
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct path_buf);
} bufs SEC(".maps");

SEC("kprobe/security_inode_unlink")
int BPF_KPROBE(trace_unlink, struct inode *dir, struct dentry *dentry)
{
	struct path_buf *buf;
	u32 zero = 0, off = 0;

	buf = bpf_map_lookup_elem(&bufs, &zero);
	if (!buf)
		return 0;
	for (int i = 0; i < MAX_DEPTH; i++) {
		const unsigned char *name = BPF_CORE_READ(dentry, d_name.name);
		u32 len = BPF_CORE_READ(dentry, d_name.len);
		struct dentry *parent = BPF_CORE_READ(dentry, d_parent);

		if (dentry == parent)
			break;
		if (len > MAX_NAME)
			len = MAX_NAME;
		bpf_probe_read_kernel(&buf->data[off & (BUF_SIZE - 1)], len, name);
		off += len;
		buf->data[off & (BUF_SIZE - 1)] = '/';
		off++;
		dentry = parent;
	}
	bpf_printk("removed: %s", buf->data);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
