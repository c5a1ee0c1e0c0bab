#include "common.h"

long out;

/* Two paths that the verifier joins, because it does not need the number: n is 1 on the
 * one that it follows to the end, and 2 on the other. */
SEC("socket")
int joined(struct __sk_buff *skb)
{
	long n = 1;

	keep(n);
	if (skb->len > 100) { //~ n: 1
		n = 2;
		keep(n);
	}
	out += n; //~ n: 1 or 2
	return 0;
}

SEC("socket")
int computed(struct __sk_buff *skb)
{
	long n = 1, m;

	keep(n);
	if (skb->len > 100) {
		n = 7;
		keep(n);
	}
	bpf_get_prandom_u32();
	m = n * 3 + 1; //~ m: 4 or 22 //~ n: 1 or 7
	keep(m);
	m &= 0xf; //~ m: 4 or 22; after this line 4 or 6
	keep(m);
	out += m; //~ m: 4 or 6
	return 0;
}

SEC("socket")
int checked_later(struct __sk_buff *skb)
{
	__u32 n = skb->len, m = skb->mark;

	keep(n);
	if (m == 3) { //~ n: any number
		n &= 0xff;
		keep(n);
	}
	bpf_get_prandom_u32();
	if (n > 1000) //~ n: any number
		return bpf_get_prandom_u32(); //~ n: at least 1001
	out += n; //~ n: 0 to 1000
	return 0;
}

SEC("socket")
int signs(struct __sk_buff *skb)
{
	int n = skb->len;
	unsigned int m = skb->mark;

	keep(n);
	keep(m);
	bpf_get_prandom_u32();
	if (n < -5 || n > 5) //~ n: any number
		return 0;
	if (m < 3) //~ n: -5 to 5
		return bpf_get_prandom_u32(); //~ m: 0 to 2
	out += n + m; //~ m: at least 3
	return 0;
}

SEC("raw_tp/sys_enter")
int errors(void *ctx)
{
	char text[16];
	long n = bpf_probe_read_kernel_str(text, sizeof(text), (void *)ctx); //~ n: -4095 to 16

	if (n < 0) //~ n: -4095 to 16
		return bpf_get_prandom_u32(); //~ n: -4095 to -1
	out += text[n & 15]; //~ n: 0 to 16
	return 0;
}

SEC("socket")
int shifts(struct __sk_buff *skb)
{
	__u64 a = skb->len, b, c;

	keep(a);
	b = a >> 24; //~ b: 0 to 255
	keep(b);
	c = b << 3; //~ c: 0 to 2040, a multiple of 8
	keep(c);
	a %= 10;
	keep(a);
	out += a + c;
	return 0;
}

/* Nothing uses gone, so the compiler keeps it nowhere. */
SEC("socket")
int optimised(struct __sk_buff *skb)
{
	int gone = skb->len * 3; //~ gone: -

	(void)gone;
	out++; //~ gone: -
	return 0;
}

SEC("socket")
int constant(struct __sk_buff *skb)
{
	long five = 5;

	bpf_get_prandom_u32(); //~ five: 5
	out = five * 2; //~ five: 5
	return 0;
}

static __noinline int use(_Bool big)
{
	bpf_get_prandom_u32();
	if (big)
		out++;
	return 0;
}

SEC("socket")
int flag(struct __sk_buff *skb)
{
	return use(skb->len > 100);
}
