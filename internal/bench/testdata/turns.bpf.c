// A loop that turns as often as the constant says: -many makes copies of the
// object with other constants, each of which takes the verifier longer.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

const volatile unsigned turns = 1;

SEC("xdp")
int turn(struct xdp_md *ctx)
{
	__u64 sum = 0;

	for (unsigned i = 0; i < turns; i++)
		sum += bpf_get_prandom_u32();
	return sum > 5 ? XDP_PASS : XDP_DROP;
}

char LICENSE[] SEC("license") = "GPL";
