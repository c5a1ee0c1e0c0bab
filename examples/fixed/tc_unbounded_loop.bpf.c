// tc: drops packets with a NUL byte, however long they are.
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>

struct search {
	struct __sk_buff *skb;
	int verdict;
};

static long look_at(__u32 i, struct search *s)
{
	__u8 byte;

	if (bpf_skb_load_bytes(s->skb, i, &byte, 1) < 0)
		return 1;
	if (byte == 0) {
		s->verdict = TC_ACT_SHOT;
		return 1;
	}
	return 0;
}

SEC("tc")
int drop_nul_bytes(struct __sk_buff *skb)
{
	struct search s = { .skb = skb, .verdict = TC_ACT_OK };

	bpf_loop(skb->len, look_at, &s, 0);
	return s.verdict;
}

char LICENSE[] SEC("license") = "GPL";
