// Broken, bpf_loop: the callback returns what the helper returned, where 0 is to go on and 1 to stop.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>

struct walk {
	const char **argv;
	u64 size;
	char arg[128];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 10240);
	__type(key, u32);
	__type(value, u64);
} sizes SEC(".maps");

static long add_argument(u32 i, struct walk *w)
{
	const char *arg = NULL;
	long n;

	bpf_probe_read_user(&arg, sizeof(arg), &w->argv[i]);
	n = bpf_probe_read_user_str(w->arg, sizeof(w->arg), arg);
	if (n < 0)
		return n;
	w->size += n;
	return 0;
}

SEC("ksyscall/execve")
int BPF_KSYSCALL(count_arguments, const char *path, const char **argv)
{
	u32 pid = bpf_get_current_pid_tgid() >> 32;
	struct walk w = { .argv = argv };

	bpf_loop(1024, add_argument, &w, 0);
	bpf_map_update_elem(&sizes, &pid, &w.size, BPF_ANY);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
