// Broken, XDP: the verifier loses what it knows of a 32-bit remainder, and the check does not give it back.
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define MAX_BACKENDS 64

struct service {
	__u32 count;
	__be32 addresses[MAX_BACKENDS];
	__u64 packets[MAX_BACKENDS];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 128);
	__type(key, __be32);
	__type(value, struct service);
} services SEC(".maps");

static __always_inline __u32 hash(__be32 a, __be32 b)
{
	return (a ^ b) * 0x9e3779b1;
}

SEC("xdp")
int balance(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data;
	void *data_end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = data;
	struct iphdr *ip = (void *)(eth + 1);

	if ((void *)(ip + 1) > data_end || eth->h_proto != bpf_htons(ETH_P_IP))
		return XDP_PASS;

	struct service *s = bpf_map_lookup_elem(&services, &ip->daddr);
	if (!s || !s->count)
		return XDP_PASS;

	__u32 backend = hash(ip->saddr, ip->daddr) % s->count;
	if (backend >= MAX_BACKENDS)
		return XDP_PASS;
	s->packets[backend]++;
	ip->daddr = s->addresses[backend];
	return XDP_TX;
}

char LICENSE[] SEC("license") = "GPL";
