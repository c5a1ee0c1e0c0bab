// Broken, tc: the size of a slice is known at run time only.
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define ROUTER_ALERT 0x94

extern int bpf_dynptr_from_skb(struct __sk_buff *skb, __u64 flags, struct bpf_dynptr *p) __ksym;
extern void *bpf_dynptr_slice(const struct bpf_dynptr *p, __u32 offset, void *buffer, __u32 buffer__szk) __ksym;

SEC("tc")
int drop_router_alert(struct __sk_buff *skb)
{
	struct bpf_dynptr packet;
	struct iphdr *ip, buffer;
	__u8 *options, room[40];

	if (skb->protocol != bpf_htons(ETH_P_IP) || bpf_dynptr_from_skb(skb, 0, &packet))
		return TC_ACT_OK;
	ip = bpf_dynptr_slice(&packet, ETH_HLEN, &buffer, sizeof(buffer));
	if (!ip || ip->ihl <= 5)
		return TC_ACT_OK;

	options = bpf_dynptr_slice(&packet, ETH_HLEN + sizeof(*ip), room, ip->ihl * 4 - sizeof(*ip));
	if (options && options[0] == ROUTER_ALERT)
		return TC_ACT_SHOT;
	return TC_ACT_OK;
}

char LICENSE[] SEC("license") = "GPL";
