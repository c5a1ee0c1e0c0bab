// Values across calls, callbacks and global functions. Every program is
// rejected.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct entry {
	long values[4];
	struct bpf_timer timer;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, struct entry);
} entries SEC(".maps");

static __noinline int small(__u64 n)
{
	asm volatile("" : "+r"(n));
	return n <= 9;
}

// What the callee finds out about its argument holds for the caller's copy.
SEC("socket") int callee_narrows(struct __sk_buff *skb)
{
	__u32 key = 0;
	struct entry *e = bpf_map_lookup_elem(&entries, &key);
	__u64 n = bpf_ktime_get_ns();

	if (!e || !small(n))
		return 0;
	return ((char *)e)[n * 8];
}

static __noinline long innermost(long *sum, struct entry *e)
{
	return *sum + e->values[1];
}

static __noinline long middle(long *sum, struct entry *e)
{
	long more = bpf_get_prandom_u32();

	return innermost(sum, e) + more;
}

// NULL comes from two frames up, a number through a pointer to the stack.
SEC("socket") int frames(struct __sk_buff *skb)
{
	__u32 key = 1;
	long sum = skb->len;
	struct entry *e = bpf_map_lookup_elem(&entries, &key);

	return middle(&sum, e) & 1;
}

static __noinline struct entry *find(__u32 key)
{
	return bpf_map_lookup_elem(&entries, &key);
}

// NULL is what a callee returns.
SEC("socket") int returned(struct __sk_buff *skb)
{
	struct entry *e = find(skb->mark & 3);

	return e->values[0];
}

struct totals {
	long sum;
	long seen[4];
};

static long add(__u32 i, struct totals *t)
{
	t->sum += i;
	t->seen[i] = 1;
	return 0;
}

// The callback's index has no bound.
SEC("socket") int cb_loop(struct __sk_buff *skb)
{
	struct totals t = {};

	bpf_loop(100, add, &t, 0);
	return t.sum;
}

static long visit(void *map, __u32 *key, struct entry *e, struct totals *t)
{
	t->sum += e->values[*key];
	return 0;
}

// The key read in the callback has none either.
SEC("socket") int cb_each(struct __sk_buff *skb)
{
	struct totals t = {};

	bpf_for_each_map_elem(&entries, visit, &t, 0);
	return t.sum;
}

static int expired(void *map, __u32 *key, struct entry *e)
{
	__u32 other = *key + 1;
	struct entry *next = bpf_map_lookup_elem(&entries, &other);

	next->values[0] = e->values[0];
	return 0;
}

// A callback that runs later has a walk of its own.
SEC("tc") int cb_timer(struct __sk_buff *skb)
{
	__u32 key = 0;
	struct entry *e = bpf_map_lookup_elem(&entries, &key);

	if (!e)
		return 0;
	bpf_timer_init(&e->timer, &entries, 1);
	bpf_timer_set_callback(&e->timer, expired);
	bpf_timer_start(&e->timer, 1000, 0);
	return 0;
}

struct pair {
	int a, b;
};

__attribute__((noinline)) int difference(struct pair *p)
{
	return p->a - p->b;
}

// The global function itself is wrong: its argument may be NULL.
SEC("tc") int global_wrong(struct __sk_buff *skb)
{
	struct pair p = { skb->len, skb->mark };

	return difference(&p);
}

__attribute__((noinline)) int limit(int n)
{
	return n & 7;
}

// What a global function returns is not known.
SEC("tc") int global_result(struct __sk_buff *skb)
{
	__u32 key = 0;
	struct entry *e = bpf_map_lookup_elem(&entries, &key);

	if (!e)
		return 0;
	return e->values[(__u32)limit(skb->len)];
}

char LICENSE[] SEC("license") = "GPL";
