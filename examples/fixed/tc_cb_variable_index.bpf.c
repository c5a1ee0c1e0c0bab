// tc: drops packets that are longer than the limit of their class, which an earlier program left in skb->cb.
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>

SEC("tc")
int read_class_limit(struct __sk_buff *skb)
{
	__u32 class = skb->tc_classid & 3;
	__u32 limits[] = { skb->cb[0], skb->cb[1], skb->cb[2], skb->cb[3] };
	__u32 limit = limits[class];

	return skb->len > limit ? TC_ACT_SHOT : TC_ACT_OK;
}

char LICENSE[] SEC("license") = "GPL";
