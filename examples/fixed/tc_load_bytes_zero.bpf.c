// tc: drops DNS queries with a name that is on a list, up to 64 bytes of it.
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/pkt_cls.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define DNS_HEADER 12
#define MAX_NAME 64

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__uint(key_size, MAX_NAME);
	__uint(value_size, 1);
} blocked SEC(".maps");

SEC("tc")
int drop_blocked_names(struct __sk_buff *skb)
{
	char name[MAX_NAME] = {};
	struct iphdr ip;
	struct udphdr udp;

	if (skb->protocol != bpf_htons(ETH_P_IP))
		return TC_ACT_OK;
	if (bpf_skb_load_bytes(skb, ETH_HLEN, &ip, sizeof(ip)) < 0 || ip.protocol != IPPROTO_UDP)
		return TC_ACT_OK;

	__u32 off = ETH_HLEN + ip.ihl * 4;

	if (bpf_skb_load_bytes(skb, off, &udp, sizeof(udp)) < 0 || udp.dest != bpf_htons(53))
		return TC_ACT_OK;
	off += sizeof(udp) + DNS_HEADER;

	__u32 len = skb->len - off;

	if (len > sizeof(name))
		len = sizeof(name);
	barrier_var(len);
	if (len == 0)
		return TC_ACT_OK;
	if (bpf_skb_load_bytes(skb, off, name, len) < 0)
		return TC_ACT_OK;
	return bpf_map_lookup_elem(&blocked, name) ? TC_ACT_SHOT : TC_ACT_OK;
}

char LICENSE[] SEC("license") = "GPL";
