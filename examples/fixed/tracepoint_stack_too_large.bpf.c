// Tracepoint: remembers the paths of programs that are executed.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct sys_enter_execve {
	__u64 common;
	__s64 nr;
	const char *filename;
	const char *const *argv;
	const char *const *envp;
};

struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, 64);
	__type(value, char[320]);
} paths SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, char[320]);
} scratch SEC(".maps");

static __noinline int remember(const char *from)
{
	char copy[320] = {};

	bpf_probe_read_user_str(copy, sizeof(copy), from);
	return bpf_map_push_elem(&paths, copy, BPF_EXIST);
}

SEC("tracepoint/syscalls/sys_enter_execve")
int remember_exec(struct sys_enter_execve *ctx)
{
	__u32 zero = 0;
	char *path = bpf_map_lookup_elem(&scratch, &zero);

	if (!path)
		return 0;
	int err = remember(ctx->filename);

	bpf_probe_read_user_str(path, 320, ctx->filename);
	bpf_printk("execve %s: %d", path, err);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
