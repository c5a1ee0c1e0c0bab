// Broken, tc: a word of the context is chosen at run time.
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>

SEC("tc")
int read_class_limit(struct __sk_buff *skb)
{
	__u32 class = skb->tc_classid & 3;
	__u32 limit = skb->cb[class];

	return skb->len > limit ? TC_ACT_SHOT : TC_ACT_OK;
}

char LICENSE[] SEC("license") = "GPL";
