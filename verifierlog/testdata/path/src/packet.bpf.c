// Pointers into packets. Every program is rejected.
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <bpf/bpf_helpers.h>

// The packet may have moved.
SEC("tc") int pulled(struct __sk_buff *skb)
{
	void *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
	struct ethhdr *eth = data;

	if (data + sizeof(*eth) > end)
		return 0;
	bpf_skb_pull_data(skb, 64);
	return eth->h_proto;
}

// The check covers the Ethernet header only.
SEC("xdp") int short_check(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = data;
	struct iphdr *ip = data + sizeof(*eth);

	if ((void *)(eth + 1) > end)
		return XDP_PASS;
	return ip->ttl;
}

// A copy of the pointer is checked, and the range holds for both.
SEC("xdp") int copy_check(struct xdp_md *ctx)
{
	asm volatile("r6 = *(u32 *)(r1 + 0)\n"
		     "r7 = *(u32 *)(r1 + 4)\n"
		     "r2 = r6\n"
		     "r2 += 8\n"
		     "if r2 > r7 goto 1f\n"
		     "r0 = *(u32 *)(r6 + 4)\n"
		     "r0 = *(u32 *)(r6 + 8)\n"
		     "1:\n"
		     ::: "r0", "r1", "r2", "r6", "r7", "memory");
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
