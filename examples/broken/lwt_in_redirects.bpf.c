// Broken, LWT: a helper for packets on the way out is called on the way in.
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

const volatile __u32 ifindex;
const volatile __u8 next_hop[ETH_ALEN];

SEC("lwt_in")
int to_interface(struct __sk_buff *skb)
{
	struct ethhdr eth = { .h_proto = bpf_htons(ETH_P_IP) };

	for (int i = 0; i < ETH_ALEN; i++)
		eth.h_dest[i] = next_hop[i];
	if (bpf_skb_change_head(skb, sizeof(eth), 0) || bpf_skb_store_bytes(skb, 0, &eth, sizeof(eth), 0))
		return BPF_DROP;
	return bpf_redirect(ifindex, 0);
}

char LICENSE[] SEC("license") = "GPL";
