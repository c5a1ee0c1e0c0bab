// Broken, tc: the compiler turns the check of the length against 0 into one that the verifier does not see.
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>

#define MAX_SAMPLE 256

struct sample {
	__u32 length;
	__u8 bytes[MAX_SAMPLE];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct sample);
} scratch SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__type(key, __u32);
	__type(value, __u32);
} samples SEC(".maps");

SEC("tc")
int sample_packets(struct __sk_buff *skb)
{
	__u32 zero = 0;
	struct sample *s = bpf_map_lookup_elem(&scratch, &zero);

	if (!s)
		return TC_ACT_OK;

	__u32 offset = skb->cb[0];
	__u32 length = skb->len - offset;

	if (length < 1 || length > MAX_SAMPLE)
		return TC_ACT_OK;
	s->length = length;
	if (bpf_skb_load_bytes(skb, offset, s->bytes, length) < 0)
		return TC_ACT_OK;
	bpf_perf_event_output(skb, &samples, BPF_F_CURRENT_CPU, s, sizeof(*s));
	return TC_ACT_OK;
}

char LICENSE[] SEC("license") = "GPL";
