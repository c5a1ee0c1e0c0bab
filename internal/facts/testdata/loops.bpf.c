#include "common.h"

/* As bpf_for() has it; not all headers have struct bpf_iter_num. */
struct numbers {
	__u64 opaque;
};
extern int bpf_iter_num_new(struct numbers *it, int start, int end) __ksym;
extern int *bpf_iter_num_next(struct numbers *it) __ksym;
extern void bpf_iter_num_destroy(struct numbers *it) __ksym;

long out;

SEC("socket")
int bounded(struct __sk_buff *skb)
{
	long sum = 0;

#pragma clang loop unroll(disable)
	for (int i = 0; i < 10; i++) {
		sum += bpf_get_prandom_u32() & 1; //~ sum: 0 to 9; after this line 0 to 10
		out = i; //~ i: 0 to 9
	}
	out = sum;
	return 0;
}

SEC("socket")
int iterated(struct __sk_buff *skb)
{
	struct numbers it;
	long sum = 0;
	int *next;

	bpf_iter_num_new(&it, 0, 100);
	while ((next = bpf_iter_num_next(&it))) { //~ next: NULL or a pointer to 4 bytes of read-only memory
		int i = *next;

		out = i; //~ out: -2147483648 to 2147483647 is written
		sum += i;
		keep(sum);
	}
	bpf_iter_num_destroy(&it);
	out = sum;
	return 0;
}

struct sums {
	long even, odd;
};

static long add(__u32 i, struct sums *s)
{
	if (i & 1)
		s->odd++; //~ s: an address on the stack
	else
		s->even += i;
	return 0;
}

SEC("socket")
int called(struct __sk_buff *skb)
{
	struct sums s = {};

	bpf_loop(20, add, &s, 0);
	out = s.even;
	return 0;
}

/* The verifier follows the callback as often as it is called at most. */
static long count(__u32 i, long *n)
{
	*n += 1;
	return 0;
}

SEC("socket")
int counted(struct __sk_buff *skb)
{
	long n = 0;

	bpf_loop(20, count, &n, 0);
	if (n > 5)
		out = n; //~ n: 6 to 20
	return 0;
}
