// Programs that the tests open.
"use strict";
const fs = require("node:fs");
const path = require("node:path");

const head = `#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, __u64);
} calls SEC(".maps");
`;
const licence = `
char LICENSE[] SEC("license") = "GPL";
`;

// nullable uses a map's value without a check.
const nullable = `${head}
SEC("tc")
int count_packets(struct __sk_buff *skb)
{
	__u32 key = 0;
	__u64 *count = bpf_map_lookup_elem(&calls, &key);

	*count += 1;
	return 0;
}
${licence}`;

// ranges has a number whose range the verifier knows.
const ranges = `${head}
SEC("tc")
int weigh(struct __sk_buff *skb)
{
	__u32 length = skb->len, key = 0;
	__u64 *count = bpf_map_lookup_elem(&calls, &key);

	if (!count || length > 1500)
		return 0;
	__sync_fetch_and_add(count, length);
	return 0;
}
${licence}`;

// divides has a signed division, which is an instruction since Linux 6.6, and of -mcpu=v4.
const divides = `${head}
SEC("tc")
int divide(struct __sk_buff *skb)
{
	return (int)skb->len / (int)(skb->mark | 1);
}
${licence}`;

// slow keeps the verifier busy for many seconds.
const slow = fs.readFileSync(path.join(__dirname, "..", "programs", "slow.bpf.c"), "utf8");

module.exports = { head, licence, nullable, ranges, divides, slow };
