// Broken, XDP: an atomic operation on the packet.
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define ETH_P_TELEMETRY 0x88b5

struct telemetry {
	__be32 flow;
	__u32 hops;
};

SEC("xdp")
int count_hop(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data;
	void *data_end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = data;
	struct telemetry *t = (void *)(eth + 1);

	if ((void *)(t + 1) > data_end || eth->h_proto != bpf_htons(ETH_P_TELEMETRY))
		return XDP_PASS;
	__sync_fetch_and_add(&t->hops, 1);
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
