#include "common.h"

long out;

SEC("raw_tp/sys_enter")
int stack(void *ctx)
{
	char text[16] = {};
	__u32 i = bpf_get_prandom_u32() & 15;

	bpf_get_current_comm(text, sizeof(text)); //~ i: -
	out = text[i]; //~ i: 0 to 15
	return 0;
}

/* More values than registers: some go to the stack and come back. */
SEC("socket")
int spilled(struct __sk_buff *skb)
{
	__u64 a = skb->len & 1, b = skb->mark & 2, c = skb->hash & 4, d = skb->priority & 8, e = skb->queue_mapping & 16;

	keep(a);
	keep(b);
	keep(c);
	keep(d);
	keep(e);
	bpf_get_prandom_u32(); //~ a: 0 or 1
	out = a;
	bpf_get_prandom_u32();
	out += b + c; //~ c: 0 or 4
	bpf_get_prandom_u32();
	out += d + e; //~ d: 0 or 8
	return 0;
}

SEC("socket")
int fields(struct __sk_buff *skb)
{
	__u32 len = skb->len; //~ skb: the program's context

	if (len < 20) //~ len: any number
		return bpf_get_prandom_u32(); //~ len: 0 to 19
	out = skb->cb[0] + len; //~ len: at least 20
	return 0;
}

struct pair {
	__u64 a, b;
};

SEC("socket")
int structure(struct __sk_buff *skb)
{
	struct pair p = { .a = skb->len & 7, .b = 3 };

	asm volatile("" : : "r"(&p) : "memory");
	out = p.a + p.b; //~ p.a: 0 to 7 is read
	return 0; //~ p.b: -
}

/* A global variable of read-only data, and one that may change. */
const volatile __u32 limit = 40;
volatile __u32 level;

SEC("socket")
int globals(struct __sk_buff *skb)
{
	__u32 n = level, m = limit; //~ n: any number
	keep(n);
	keep(m);
	out = n + m; //~ m: 40
	return 0;
}

SEC("tc")
int look_up(struct __sk_buff *skb)
{
	struct bpf_sock_tuple tuple = {};
	struct bpf_sock *sk = bpf_sk_lookup_tcp(skb, &tuple, sizeof(tuple.ipv4), -1, 0); //~ sk: NULL or a pointer to a socket, to be released

	if (!sk)
		return 0;
	out = sk->mark; //~ sk: a pointer to a socket, to be released
	bpf_sk_release(sk);
	return 0;
}

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u64);
} sums SEC(".maps");

/* A key in the upper half of a stack slot. */
SEC("socket")
int upper_half(struct __sk_buff *skb)
{
	__u32 key = 0;
	__u64 *sum = bpf_map_lookup_elem(&sums, &key); //~ key: 0

	if (sum)
		out = *sum;
	return 0;
}

/* Misaligned numbers are loaded byte by byte: one byte is not the number. */
struct packed {
	__u8 kind;
	__u16 port;
	__u32 address;
} __attribute__((packed));

SEC("xdp")
int misaligned(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct packed *p = data;

	if ((void *)(p + 1) > end)
		return XDP_PASS;
	out = p->port; //~ p->port: -
	return XDP_PASS;
}
