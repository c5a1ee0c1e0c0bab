#include "common.h"

long out;

static __always_inline __u32 clamp(__u32 n, __u32 most)
{
	keep(n);
	if (n > most)
		return most;
	return n;
}

SEC("socket")
int inlined(struct __sk_buff *skb)
{
	__u32 a = clamp(skb->len, 100), b = clamp(skb->mark, 7);

	keep(a);
	keep(b); //~ a: 0 to 100
	out = a + b; //~ b: 0 to 7
	return 0;
}

/* The verifier follows a static function at each call. */
static __noinline long twice(__u64 n)
{
	keep(n);
	return n * 2; //~ n: 0 to 3 or 10
}

SEC("socket")
int subprogram(struct __sk_buff *skb)
{
	__u64 m = skb->len & 3;
	long x, y;

	keep(m);
	x = twice(m);
	keep(x);
	m = 10;
	keep(m);
	y = twice(m); //~ x: 0 to 6, a multiple of 2
	keep(y);
	out = x + y; //~ y: 20
	return 0;
}

/* A global one by itself, for any arguments. */
__weak __noinline int global(int n)
{
	keep(n);
	if (n > 3) //~ n: any number
		out = n; //~ n: at least 4
	return 0;
}

SEC("socket")
int calls_global(struct __sk_buff *skb)
{
	int r = global(2);

	out = r; //~ r: any number
	return 0;
}

/* The caller's numbers differ where the callee's paths are joined. */
static __noinline long leaf(long x)
{
	keep(x);
	if (x > 3)
		out++;
	return 0;
}

SEC("socket")
int across(struct __sk_buff *skb)
{
	long n = 1;

	keep(n);
	if (skb->len > 100) {
		n = 9;
		keep(n);
	}
	leaf(skb->mark);
	out += n; //~ n: 1 or 9
	return 0;
}
