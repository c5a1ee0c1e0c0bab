// Broken, perf_event: a function that tail-calls is called with too much stack in use.
#include <linux/bpf.h>
#include <linux/bpf_perf_event.h>
#include <bpf/bpf_helpers.h>

struct sample {
	__u64 task;
	__u64 frames[32];
};

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 8);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(__u32));
} unwinders SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, 4096);
	__type(value, struct sample);
} samples SEC(".maps");

// Goes on in the unwinder for the language of the task.
static __noinline int unwind(struct bpf_perf_event_data *ctx, __u32 language)
{
	bpf_tail_call(ctx, &unwinders, language);
	return -1;
}

SEC("perf_event")
int profile(struct bpf_perf_event_data *ctx)
{
	struct sample sample = { .task = bpf_get_current_pid_tgid() };

	if (unwind(ctx, 0) < 0) {
		bpf_get_stack(ctx, sample.frames, sizeof(sample.frames), BPF_F_USER_STACK);
		bpf_map_push_elem(&samples, &sample, BPF_EXIST);
	}
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
