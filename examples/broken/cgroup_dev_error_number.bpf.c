// Broken, cgroup/dev: access to a device is denied with an error number, where 0 denies and 1 allows.
#include <linux/bpf.h>
#include <linux/errno.h>
#include <bpf/bpf_helpers.h>

#define MEM_MAJOR 1
#define MEM_MINOR 1
#define KMEM_MINOR 2

SEC("cgroup/dev")
int no_raw_memory(struct bpf_cgroup_dev_ctx *ctx)
{
	if (ctx->major == MEM_MAJOR && (ctx->minor == MEM_MINOR || ctx->minor == KMEM_MINOR)) {
		bpf_printk("denied: device %u:%u", ctx->major, ctx->minor);
		return -EPERM;
	}
	return 1;
}

char LICENSE[] SEC("license") = "GPL";
