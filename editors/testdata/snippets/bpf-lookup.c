struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16);
	__type(key, __u32);
	__type(value, __u64);
} counts SEC(".maps");

SEC("kprobe/do_unlinkat")
int program(void *ctx)
{
	__u32 key = bpf_get_current_pid_tgid() >> 32;
	SNIPPET
	*value += 1;
	return 0;
}
