// Linked list: keeps the latest programs that were started in a queue.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

#define __contains(name, node) __attribute__((btf_decl_tag("contains:" #name ":" #node)))
#define bpf_obj_new(type) ((type *)bpf_obj_new_impl(bpf_core_type_id_local(type), NULL))
#define bpf_obj_drop(ptr) bpf_obj_drop_impl(ptr, NULL)
#define bpf_list_push_back(head, node) bpf_list_push_back_impl(head, node, NULL, 0)

extern void *bpf_obj_new_impl(__u64 type, void *meta) __ksym;
extern void bpf_obj_drop_impl(void *object, void *meta) __ksym;
extern int bpf_list_push_back_impl(struct bpf_list_head *head, struct bpf_list_node *node, void *meta, __u64 off) __ksym;
extern struct bpf_list_node *bpf_list_pop_front(struct bpf_list_head *head) __ksym;

struct program {
	struct bpf_list_node node;
	__u32 pid;
	__u64 started;
};

struct queue {
	struct bpf_spin_lock lock;
	__u32 length;
	struct bpf_list_head programs __contains(program, node);
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct queue);
} queues SEC(".maps");

SEC("tp_btf/sched_process_exec")
int BPF_PROG(remember, struct task_struct *task)
{
	struct bpf_list_node *oldest = NULL;
	struct program *new;
	struct queue *q;
	__u32 first = 0;

	q = bpf_map_lookup_elem(&queues, &first);
	if (!q)
		return 0;
	new = bpf_obj_new(struct program);
	if (!new)
		return 0;
	new->pid = task->tgid;
	new->started = task->start_time;
	bpf_spin_lock(&q->lock);
	bpf_list_push_back(&q->programs, &new->node);
	if (q->length >= 32)
		oldest = bpf_list_pop_front(&q->programs);
	else
		q->length++;
	bpf_spin_unlock(&q->lock);
	if (oldest)
		bpf_obj_drop(container_of(oldest, struct program, node));
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
