SEC("xdp")
int program(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data;
	void *data_end = (void *)(long)ctx->data_end;
	SNIPPET
	return eth->h_proto ? XDP_PASS : XDP_DROP;
}
