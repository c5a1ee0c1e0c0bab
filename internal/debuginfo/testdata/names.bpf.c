// What names.go has to name. A comment `want: x` lists, separated by commas,
// what the memory accesses of its line may be called; `base: p` what their
// base registers are. Self-contained, so that any clang compiles it:
//   clang-22 -g -O2 --target=bpf -fdebug-compilation-dir=/build -c names.bpf.c -o names.bpf.o
typedef unsigned char __u8;
typedef unsigned short __u16;
typedef unsigned int __u32;
typedef unsigned long long __u64;
#define SEC(s) __attribute__((section(s), used))
#define __uint(name, val) int (*name)[val]
#define __type(name, val) typeof(val) *name

static void *(*lookup)(void *map, const void *key) = (void *)1;
static long (*update)(void *map, const void *key, const void *value, __u64 flags) = (void *)2;
static __u64 (*now)(void) = (void *)5;

struct inner {
	__u16 a;
	__u32 b[4];
};

struct stats {
	__u32 packets;
	__u64 bytes;
	struct inner in;
	union {
		__u32 mark;
		__u16 half;
	};
	struct stats *next;
};

struct event { // 2 bytes of padding at 2, 4 at 20
	__u16 kind;
	__u32 pid;
	__u64 time;
	__u32 cpu;
};

struct xdp_md {
	__u32 data, data_end, data_meta, ingress_ifindex;
};

struct {
	__uint(type, 1);
	__uint(max_entries, 16);
	__type(key, __u32);
	__type(value, struct stats);
} counters SEC(".maps");

struct {
	__uint(type, 1);
	__uint(max_entries, 16);
	__type(key, __u32);
	__type(value, struct event);
} events SEC(".maps");

__u64 total;
__u32 table[8];

static inline __attribute__((always_inline)) void add(struct stats *s, __u32 n)
{
	s->bytes += n; // want: s->bytes, stats->bytes base: s, stats
}

__attribute__((noinline)) int global_sub(struct xdp_md *c, __u32 limit)
{
	return c->data_end > limit; // want: c->data_end base: c
}

SEC("xdp")
int names(struct xdp_md *ctx)
{
	__u32 key = ctx->ingress_ifindex; // want: ctx->ingress_ifindex, key base: ctx
	struct stats *stats = lookup(&counters, &key);

	if (!stats)
		return 2;
	stats->packets++; // want: stats->packets base: stats
	stats->in.b[2] = 7; // want: stats->in.b[2] base: stats
	stats->in.a = 1; // want: stats->in.a base: stats
	stats->mark = 3; // want: stats->mark base: stats
	add(stats, 14);
	total += 5; // want: total base: &total
	table[3] = 1; // want: table[3] base: &table[3], table
	return global_sub(ctx, 100);
}

SEC("xdp")
int padding(struct xdp_md *ctx)
{
	__u32 key = 0; // want: key
	struct event event;

	event.kind = 1; // want: event.kind
	event.pid = ctx->data; // want: event.pid, ctx->data base: ctx
	event.time = now(); // want: event.time
	event.cpu = 4; // want: event.cpu
	update(&events, &key, &event, 0);
	return 2;
}

char LICENSE[] SEC("license") = "GPL";
