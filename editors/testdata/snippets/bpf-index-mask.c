__u32 table[16];

SEC("kprobe/do_unlinkat")
int program(void *ctx)
{
	__u32 i = bpf_get_prandom_u32();
	SNIPPET
	return table[i] != 0;
}
