// Broken, timer: a timer is initialised with another map than the one that it is in.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#define CLOCK_MONOTONIC 1
#define SECOND 1000000000ull

struct window {
	struct bpf_timer timer;
	__u64 started;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, struct window);
} windows SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, __u64);
} highest SEC(".maps");

static int close_window(void *map, __u32 *uid, struct window *w)
{
	__u64 *most = bpf_map_lookup_elem(&highest, uid);

	if (!most)
		bpf_map_update_elem(&highest, uid, &w->started, BPF_NOEXIST);
	else if (*most < w->started)
		*most = w->started;
	w->started = 0;
	bpf_timer_start(&w->timer, SECOND, 0);
	return 0;
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(count_program, struct task_struct *task)
{
	struct window empty = {}, *w;
	__u32 uid = bpf_get_current_uid_gid();

	w = bpf_map_lookup_elem(&windows, &uid);
	if (!w) {
		bpf_map_update_elem(&windows, &uid, &empty, BPF_NOEXIST);
		w = bpf_map_lookup_elem(&windows, &uid);
		if (!w)
			return 0;
		bpf_timer_init(&w->timer, &highest, CLOCK_MONOTONIC);
		bpf_timer_set_callback(&w->timer, close_window);
		bpf_timer_start(&w->timer, SECOND, 0);
	}
	__sync_fetch_and_add(&w->started, 1);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
