// Five programs and a map, for tests of the order of calls. Compiled by
//   clang -g -O2 --target=bpf -I/usr/include/$(uname -m)-linux-gnu -c five.bpf.c
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1000000);
	__type(key, __u32);
	__type(value, __u64);
} table SEC(".maps");

const volatile int limit = 3;

static __noinline int twice(int x) { return x * 2; }

SEC("xdp") int one(struct xdp_md *ctx) { return XDP_PASS; }
SEC("xdp") int two(struct xdp_md *ctx) { return twice(limit); }
SEC("tc") int three(struct __sk_buff *skb)
{
	__u32 key = 0;
	return bpf_map_lookup_elem(&table, &key) != 0;
}
SEC("freplace/anything") int four(struct xdp_md *ctx) { return twice(twice(1)); }
SEC("no_such_section") int five(int a, int b) { return a + b; }

char LICENSE[] SEC("license") = "GPL";
