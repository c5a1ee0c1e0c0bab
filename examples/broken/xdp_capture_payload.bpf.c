// Broken, XDP: a helper that takes no packet memory is given the packet.
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define SNAPLEN 64

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 16);
} answers SEC(".maps");

SEC("xdp")
int capture_dns(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data;
	void *data_end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = data;
	struct iphdr *ip = (void *)(eth + 1);
	struct udphdr *udp = (void *)(ip + 1);
	void *payload = udp + 1;

	if (payload + SNAPLEN > data_end || eth->h_proto != bpf_htons(ETH_P_IP))
		return XDP_PASS;
	if (ip->ihl != 5 || ip->protocol != IPPROTO_UDP || udp->source != bpf_htons(53))
		return XDP_PASS;

	bpf_ringbuf_output(&answers, payload, SNAPLEN, 0);
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
