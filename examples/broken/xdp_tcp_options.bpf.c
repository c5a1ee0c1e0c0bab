// Broken, XDP: the check is for one byte of an option, and two are read.
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/tcp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define MAX_OPTIONS 10
#define OPT_END 0
#define OPT_NOP 1
#define OPT_MSS 2

SEC("xdp")
int require_mss(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data;
	void *data_end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = data;
	struct iphdr *ip = (void *)(eth + 1);
	struct tcphdr *tcp = (void *)(ip + 1);

	if ((void *)(tcp + 1) > data_end || eth->h_proto != bpf_htons(ETH_P_IP))
		return XDP_PASS;
	if (ip->ihl != 5 || ip->protocol != IPPROTO_TCP || !tcp->syn)
		return XDP_PASS;

	__u8 *options = (void *)(tcp + 1);
	int left = tcp->doff * 4 - (int)sizeof(*tcp);
	int pos = 0;

	for (int i = 0; i < MAX_OPTIONS && pos < left; i++) {
		__u8 *opt = options + pos;

		if ((void *)(opt + 1) > data_end || opt[0] == OPT_END)
			break;
		if (opt[0] == OPT_MSS)
			return XDP_PASS;
		pos += opt[0] == OPT_NOP ? 1 : opt[1];
	}
	return XDP_DROP;
}

char LICENSE[] SEC("license") = "GPL";
