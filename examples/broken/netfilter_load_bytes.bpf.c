// Broken, netfilter: a helper for packets that netfilter programs do not have.
#include "vmlinux.h"
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define NF_DROP 0
#define NF_ACCEPT 1
#define IP_MF 0x2000
#define IP_OFFSET 0x1fff

SEC("netfilter")
int drop_fragments(struct bpf_nf_ctx *ctx)
{
	struct iphdr ip;

	if (bpf_skb_load_bytes(ctx->skb, 0, &ip, sizeof(ip)) < 0)
		return NF_ACCEPT;
	if (ip.version == 4 && ip.frag_off & bpf_htons(IP_MF | IP_OFFSET))
		return NF_DROP;
	return NF_ACCEPT;
}

char LICENSE[] SEC("license") = "GPL";
