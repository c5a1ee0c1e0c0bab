__u32 table[64];

SEC("kprobe/do_unlinkat")
int program(void *ctx)
{
	__u32 count = bpf_get_prandom_u32();
	SNIPPET
	return 0;
}
