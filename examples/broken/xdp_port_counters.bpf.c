// Broken, XDP: the compiler checks one copy of a 16-bit index and uses another.
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/tcp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define FIRST_PORT 8000
#define PORTS 16

struct counters {
	__u64 packets[PORTS];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct counters);
} counters SEC(".maps");

SEC("xdp")
int count_ports(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data;
	void *data_end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = data;
	struct iphdr *ip = (void *)(eth + 1);
	struct tcphdr *tcp = (void *)(ip + 1);
	__u32 zero = 0;

	if ((void *)(tcp + 1) > data_end || eth->h_proto != bpf_htons(ETH_P_IP))
		return XDP_PASS;
	if (ip->ihl != 5 || ip->protocol != IPPROTO_TCP)
		return XDP_PASS;

	struct counters *c = bpf_map_lookup_elem(&counters, &zero);
	if (!c)
		return XDP_PASS;

	__u16 port = bpf_ntohs(tcp->dest) - FIRST_PORT;
	if (port >= PORTS)
		return XDP_PASS;
	c->packets[port]++;
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
