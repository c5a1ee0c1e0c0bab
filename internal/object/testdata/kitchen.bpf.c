// Everything that an object can refer to, for the reader's golden. Compiled by
//   clang -g -O2 --target=bpf -I/usr/include/$(uname -m)-linux-gnu -c kitchen.bpf.c
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct inner {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u64);
} one SEC(".maps"), two SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 2);
	__type(key, __u32);
	__array(values, struct inner);
} outer SEC(".maps") = { .values = { &one, &two } };

int tail(struct __sk_buff *skb);

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 3);
	__uint(key_size, 4);
	__array(values, int(struct __sk_buff *));
} jumps SEC(".maps") = { .values = { [2] = &tail } };

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} events SEC(".maps");

const volatile __u32 limit = 7;
__u64 total;
__u64 start = 5;
static __u32 hidden_counter;

extern int LINUX_KERNEL_VERSION __kconfig;
extern _Bool CONFIG_BPF __kconfig __weak;
extern const void init_net __ksym;
extern const int bpf_prog_active __ksym __weak;
extern void bpf_rcu_read_lock(void) __ksym;
extern void bpf_rcu_read_lock___flavour(void) __ksym __weak;

struct task_struct {
	int pid;
	struct { int x[3]; } nested;
} __attribute__((preserve_access_index));

struct tcp_congestion_ops {
	void (*init)(void *sk);
	char name[16];
};

static __noinline int add(int a, int b)
{
	hidden_counter++;
	return a + b;
}

__attribute__((visibility("hidden"))) __noinline int quiet(int a)
{
	return add(a, limit);
}

static long each(__u32 i, void *ctx)
{
	*(__u64 *)ctx += i;
	return 0;
}

SEC("tc") int tail(struct __sk_buff *skb)
{
	return quiet(skb->len);
}

SEC("tc") int main_prog(struct __sk_buff *skb)
{
	bpf_tail_call(skb, &jumps, 2);
	bpf_loop(3, each, &total, 0);
	total += start + LINUX_KERNEL_VERSION + CONFIG_BPF;
	return quiet(1);
}

SEC("?kprobe/do_nanosleep") int probe(void *ctx)
{
	struct task_struct *t = (void *)bpf_get_current_task();
	int v = 0;

	bpf_probe_read_kernel(&v, sizeof(v), &t->nested.x[2]);
	bpf_printk("%d %p %d", v, &init_net, &bpf_prog_active ? 1 : 0);
	bpf_rcu_read_lock();
	bpf_rcu_read_lock___flavour();
	return bpf_map_lookup_elem(&outer, &v) && bpf_ringbuf_query(&events, 0);
}

SEC("struct_ops/init") void tcp_init(void *sk) { total++; }

SEC(".struct_ops.link") struct tcp_congestion_ops ops = {
	.init = (void *)tcp_init,
	.name = "kitchen",
};

char LICENSE[] SEC("license") = "GPL";
