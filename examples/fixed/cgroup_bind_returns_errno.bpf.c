// cgroup: lets a container bind ports from 1024 on only.
#include <linux/bpf.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

SEC("cgroup/bind4")
int high_ports_only(struct bpf_sock_addr *ctx)
{
	__u16 port = bpf_ntohs(ctx->user_port);

	if (port && port < 1024)
		return 0;
	return 1;
}

char LICENSE[] SEC("license") = "GPL";
