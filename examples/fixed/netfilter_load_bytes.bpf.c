// netfilter: drops fragments on the way in.
#include "vmlinux.h"
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define NF_DROP 0
#define NF_ACCEPT 1
#define IP_MF 0x2000
#define IP_OFFSET 0x1fff

extern int bpf_dynptr_from_skb(struct __sk_buff *skb, __u64 flags, struct bpf_dynptr *p) __ksym;

SEC("netfilter")
int drop_fragments(struct bpf_nf_ctx *ctx)
{
	struct bpf_dynptr packet;
	struct iphdr ip;

	if (bpf_dynptr_from_skb((struct __sk_buff *)ctx->skb, 0, &packet))
		return NF_ACCEPT;
	if (bpf_dynptr_read(&ip, sizeof(ip), &packet, 0, 0))
		return NF_ACCEPT;
	if (ip.version == 4 && ip.frag_off & bpf_htons(IP_MF | IP_OFFSET))
		return NF_DROP;
	return NF_ACCEPT;
}

char LICENSE[] SEC("license") = "GPL";
