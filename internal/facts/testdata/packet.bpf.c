#include "common.h"

SEC("xdp")
int headers(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data; //~ data: a pointer into the packet, not checked against its end
	void *end = (void *)(long)ctx->data_end; //~ end: the end of the packet
	struct ethhdr *eth = data;
	struct iphdr *ip = data + sizeof(*eth);

	if ((void *)(ip + 1) > end)
		return XDP_DROP;
	if (eth->h_proto != bpf_htons(ETH_P_IP)) //~ eth: a pointer into the packet, 34 bytes checked
		return XDP_PASS;
	if (ip->ttl < 2)
		return XDP_DROP;
	return XDP_PASS;
}

SEC("xdp")
int options(struct xdp_md *ctx)
{
	__u8 *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct iphdr *ip = (void *)data;
	__u32 len;
	__u8 *p;

	if (data + sizeof(*ip) > end)
		return XDP_DROP;
	len = (data[0] & 0xf) * 4;
	keep(len);
	p = data + len; //~ len: 0 to 60, a multiple of 4
	if (p + 8 > end) //~ p: a pointer into the packet, not checked against its end
		return XDP_DROP;
	return p[7] ? XDP_PASS : XDP_DROP; //~ p: a pointer into the packet, 8 bytes checked
}
