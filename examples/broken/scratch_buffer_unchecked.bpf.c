// Broken, kprobe: the scratch buffer of a per-CPU array is given to a helper without a check that it is there.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>

struct event {
	u64 time;
	u32 pid;
	char module[56];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct event);
} scratch SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 256);
	__type(key, u32);
	__type(value, struct event);
} loaded SEC(".maps");

static __always_inline struct event *scratch_event(void)
{
	u32 zero = 0;

	return bpf_map_lookup_elem(&scratch, &zero);
}

SEC("kprobe/do_init_module")
int BPF_KPROBE(trace_module, struct module *mod)
{
	u32 pid = bpf_get_current_pid_tgid() >> 32;
	struct event *e = scratch_event();

	bpf_probe_read_kernel_str(e->module, sizeof(e->module), mod->name);
	e->time = bpf_ktime_get_ns();
	e->pid = pid;
	bpf_map_update_elem(&loaded, &pid, e, BPF_ANY);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
