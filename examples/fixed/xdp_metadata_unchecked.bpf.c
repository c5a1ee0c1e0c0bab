// XDP: hands the receive queue to tc in the metadata in front of the packet.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct rx_meta {
	__u32 queue;
	__u32 ifindex;
};

SEC("xdp")
int tag_queue(struct xdp_md *ctx)
{
	struct rx_meta *meta;
	void *data;

	if (bpf_xdp_adjust_meta(ctx, -(int)sizeof(*meta)))
		return XDP_PASS;

	data = (void *)(long)ctx->data;
	meta = (void *)(long)ctx->data_meta;
	if ((void *)(meta + 1) > data)
		return XDP_PASS;
	meta->queue = ctx->rx_queue_index;
	meta->ifindex = ctx->ingress_ifindex;
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
