// What must be given back, and pointers that are good only so long. Every
// program is rejected.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

struct task_struct {
	int pid;
	struct task_struct *real_parent;
} __attribute__((preserve_access_index));

struct bpf_iter_num {
	__u64 __opaque[1];
} __attribute__((aligned(8)));
extern void bpf_rcu_read_lock(void) __ksym;
extern void bpf_rcu_read_unlock(void) __ksym;
extern void bpf_preempt_disable(void) __ksym __weak;
extern void bpf_preempt_enable(void) __ksym __weak;
extern void bpf_local_irq_save(unsigned long *flags) __ksym __weak;
extern void bpf_local_irq_restore(unsigned long *flags) __ksym __weak;
extern int bpf_iter_num_new(struct bpf_iter_num *it, int start, int end) __ksym __weak;
extern int *bpf_iter_num_next(struct bpf_iter_num *it) __ksym __weak;
extern void bpf_iter_num_destroy(struct bpf_iter_num *it) __ksym __weak;

struct event {
	__u32 pid, uid;
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} events SEC(".maps");

struct account {
	struct bpf_spin_lock lock;
	long balance;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct account);
} accounts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, long);
} seen SEC(".maps");

// One of three exits does not give the record back.
SEC("tp/sched/sched_process_exit") int leak_one_exit(void *ctx)
{
	struct event *e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);

	if (!e)
		return 0;
	e->uid = bpf_get_current_uid_gid();
	if (e->uid == 0) {
		bpf_ringbuf_discard(e, 0);
		return 0;
	}
	e->pid = bpf_get_current_pid_tgid() >> 32;
	if (e->pid == 1)
		return 0;
	bpf_ringbuf_submit(e, 0);
	return 0;
}

// A record is written to after it was given away.
SEC("tp/sched/sched_process_exit") int used_after(void *ctx)
{
	struct event *e = bpf_ringbuf_reserve(&events, sizeof(*e), 0), *again;

	if (!e)
		return 0;
	again = e;
	asm volatile("" : "+r"(again));
	e->uid = 0;
	bpf_ringbuf_submit(e, 0);
	again->pid = 1;
	return 0;
}

// A return inside the lock.
SEC("tc") int lock_held(struct __sk_buff *skb)
{
	__u32 key = 0;
	struct account *a = bpf_map_lookup_elem(&accounts, &key);

	if (!a)
		return 0;
	bpf_spin_lock(&a->lock);
	if (a->balance < 10)
		return 1;
	a->balance -= 10;
	bpf_spin_unlock(&a->lock);
	return 0;
}

// The parent is read behind the section that protects it.
SEC("tp_btf/task_newtask") int BPF_PROG(rcu_after, struct task_struct *task, __u64 flags)
{
	struct task_struct *parent;

	bpf_rcu_read_lock();
	parent = task->real_parent;
	bpf_rcu_read_unlock();
	return bpf_task_storage_delete(&seen, parent);
}

// The section is not closed on one path.
SEC("tp_btf/task_newtask") int BPF_PROG(rcu_held, struct task_struct *task, __u64 flags)
{
	bpf_rcu_read_lock();
	if (task->pid == 1)
		return 0;
	bpf_rcu_read_unlock();
	return 0;
}

SEC("tp_btf/task_newtask") int BPF_PROG(preempt_held, struct task_struct *task, __u64 flags)
{
	bpf_preempt_disable();
	bpf_preempt_disable();
	bpf_preempt_enable();
	return 0;
}

SEC("tp_btf/task_newtask") int BPF_PROG(irq_held, struct task_struct *task, __u64 flags)
{
	unsigned long saved;

	bpf_local_irq_save(&saved);
	if (task->pid == 1)
		return 0;
	bpf_local_irq_restore(&saved);
	return 0;
}

// The sum is used as an index, in a loop whose iterator is left early.
SEC("tc") int iter_left(struct __sk_buff *skb)
{
	struct bpf_iter_num it;
	int *i, sum = 0;

	bpf_iter_num_new(&it, 0, 10);
	while ((i = bpf_iter_num_next(&it))) {
		sum += *i;
		if (sum > 20)
			return sum;
	}
	bpf_iter_num_destroy(&it);
	return 0;
}

// A slice of a dynptr outlives it.
SEC("tp/sched/sched_process_exit") int slice_after(void *ctx)
{
	struct bpf_dynptr ptr;
	struct event *e;

	bpf_ringbuf_reserve_dynptr(&events, sizeof(*e), 0, &ptr);
	e = bpf_dynptr_data(&ptr, 0, sizeof(*e));
	bpf_ringbuf_submit_dynptr(&ptr, 0);
	if (e)
		e->pid = 1;
	return 0;
}

// A dynptr is never given back.
SEC("tp/sched/sched_process_exit") int dynptr_held(void *ctx)
{
	struct bpf_dynptr ptr;

	bpf_ringbuf_reserve_dynptr(&events, 8, 0, &ptr);
	if (bpf_get_prandom_u32() == 7)
		return 0;
	bpf_ringbuf_discard_dynptr(&ptr, 0);
	return 0;
}

// One of two sockets is released, and then the other's copy is used.
SEC("tc") int socket_twice(struct __sk_buff *skb)
{
	struct bpf_sock_tuple tuple = {};
	struct bpf_sock *a, *b;

	a = bpf_sk_lookup_tcp(skb, &tuple, sizeof(tuple.ipv4), BPF_F_CURRENT_NETNS, 0);
	if (!a)
		return 0;
	b = bpf_sk_lookup_tcp(skb, &tuple, sizeof(tuple.ipv4), BPF_F_CURRENT_NETNS, 0);
	if (b)
		bpf_sk_release(a);
	return a->family;
}

char LICENSE[] SEC("license") = "GPL";
