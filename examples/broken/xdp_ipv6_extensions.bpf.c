// Broken, XDP: the length of the extension headers is added up without a bound.
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ipv6.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define MAX_EXTENSIONS 48

struct ext_hdr {
	__u8 nexthdr;
	__u8 hdrlen; /* in units of 8 bytes, without the first */
};

SEC("xdp")
int drop_routing_header(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data;
	void *data_end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = data;
	struct ipv6hdr *ip6 = (void *)(eth + 1);

	if ((void *)(ip6 + 1) > data_end || eth->h_proto != bpf_htons(ETH_P_IPV6))
		return XDP_PASS;

	__u8 next = ip6->nexthdr;
	__u32 off = sizeof(*eth) + sizeof(*ip6);

	for (int i = 0; i < MAX_EXTENSIONS; i++) {
		if (next == IPPROTO_ROUTING)
			return XDP_DROP;
		if (next != IPPROTO_HOPOPTS && next != IPPROTO_DSTOPTS)
			break;

		struct ext_hdr *ext = data + off;

		if ((void *)(ext + 1) > data_end)
			break;
		next = ext->nexthdr;
		off += (ext->hdrlen + 1) * 8;
	}
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
