// Broken, XDP: the metadata is written without a check that it ends where the packet begins.
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

	if (bpf_xdp_adjust_meta(ctx, -(int)sizeof(*meta)))
		return XDP_PASS;

	meta = (void *)(long)ctx->data_meta;
	meta->queue = ctx->rx_queue_index;
	meta->ifindex = ctx->ingress_ifindex;
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
