// fentry: sends the path of each file that is closed.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

struct closing {
	__u32 pid;
	char path[256];
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
} closings SEC(".maps");

SEC("fentry/filp_close")
int BPF_PROG(closed, struct file *file)
{
	struct closing *c = bpf_ringbuf_reserve(&closings, sizeof(*c), 0);

	if (!c)
		return 0;
	c->pid = bpf_get_current_pid_tgid() >> 32;
	bpf_d_path(&file->f_path, c->path, sizeof(c->path));
	bpf_ringbuf_submit(c, 0);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
