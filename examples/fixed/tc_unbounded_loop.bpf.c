// tc: drops packets with a NUL byte, however long they are.
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>

SEC("tc")
int drop_nul_bytes(struct __sk_buff *skb)
{
	__u32 i;

	bpf_for(i, 0, skb->len) {
		__u8 byte;

		if (bpf_skb_load_bytes(skb, i, &byte, 1) < 0)
			break;
		if (byte == 0)
			return TC_ACT_SHOT;
	}
	return TC_ACT_OK;
}

char LICENSE[] SEC("license") = "GPL";
