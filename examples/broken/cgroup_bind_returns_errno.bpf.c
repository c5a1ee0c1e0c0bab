// Broken, cgroup: an error number is returned where 0 and 1 are the answers.
#include <linux/bpf.h>
#include <linux/errno.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

SEC("cgroup/bind4")
int high_ports_only(struct bpf_sock_addr *ctx)
{
	__u16 port = bpf_ntohs(ctx->user_port);

	if (port && port < 1024)
		return -EACCES;
	return 1;
}

char LICENSE[] SEC("license") = "GPL";
