SEC("xdp")
int program(struct xdp_md *ctx)
{
	void *next = (void *)(long)ctx->data + 14;
	void *data_end = (void *)(long)ctx->data_end;
	SNIPPET
	return *((__u8 *)ip + ip_length - 1) ? XDP_PASS : XDP_DROP;
}
