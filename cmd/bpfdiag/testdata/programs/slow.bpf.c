// Each program keeps the verifier busy for a good part of a second: it follows
// every turn of the loop, and no two are alike. The full stack makes every
// state large, together too large for a small guest.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

static __always_inline __u64 work(__u32 seed)
{
	volatile __u64 stack[56];
	__u64 sum = 0;

	for (int i = 0; i < 56; i++)
		stack[i] = seed;
	for (__u64 i = 0; i < 150000; i++) {
		asm volatile("" : "+r"(i)); /* or clang computes the sum itself */
		sum += i;
	}
	return sum + stack[7];
}

#define PROGRAM(name) SEC("tc") int name(struct __sk_buff *skb) { return work(skb->len); }

PROGRAM(busy1)
PROGRAM(busy2)
PROGRAM(busy3)
PROGRAM(busy4)
PROGRAM(busy5)
PROGRAM(busy6)
PROGRAM(busy7)
PROGRAM(busy8)
PROGRAM(busy9)
PROGRAM(busy10)
PROGRAM(busy11)
PROGRAM(busy12)

char LICENSE[] SEC("license") = "GPL";
