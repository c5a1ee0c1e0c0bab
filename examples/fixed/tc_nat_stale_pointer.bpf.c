// tc: rewrites the destination of outgoing packets and counts them by protocol.
#include <stddef.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/pkt_cls.h>
#include <linux/tcp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

const volatile __be32 service, backend;

#define IP_OFF(field) (ETH_HLEN + offsetof(struct iphdr, field))
#define TCP_CSUM_OFF (ETH_HLEN + sizeof(struct iphdr) + offsetof(struct tcphdr, check))

SEC("tc")
int dnat(struct __sk_buff *skb)
{
	void *data = (void *)(long)skb->data;
	void *data_end = (void *)(long)skb->data_end;
	struct ethhdr *eth = data;
	struct iphdr *ip = data + sizeof(*eth);

	if ((void *)(ip + 1) > data_end || eth->h_proto != bpf_htons(ETH_P_IP))
		return TC_ACT_OK;
	if (ip->ihl != 5 || ip->daddr != service)
		return TC_ACT_OK;

	__be32 old = ip->daddr, new = backend;
	__u8 protocol = ip->protocol;

	bpf_l3_csum_replace(skb, IP_OFF(check), old, new, sizeof(new));
	if (protocol == IPPROTO_TCP)
		bpf_l4_csum_replace(skb, TCP_CSUM_OFF, old, new, BPF_F_PSEUDO_HDR | sizeof(new));
	bpf_skb_store_bytes(skb, IP_OFF(daddr), &new, sizeof(new), 0);
	return TC_ACT_OK;
}

char LICENSE[] SEC("license") = "GPL";
