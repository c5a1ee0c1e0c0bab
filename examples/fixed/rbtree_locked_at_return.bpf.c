// Tree: keeps tasks that were woken in order, and takes the first of them out.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

#define __contains(name, node) __attribute__((btf_decl_tag("contains:" #name ":" #node)))
#define private(name) SEC(".bss." #name) __hidden __attribute__((aligned(8)))
#define bpf_obj_new(type) ((type *)bpf_obj_new_impl(bpf_core_type_id_local(type), NULL))
#define bpf_obj_drop(ptr) bpf_obj_drop_impl(ptr, NULL)
#define bpf_rbtree_add(root, node, less) bpf_rbtree_add_impl(root, node, less, NULL, 0)

extern void *bpf_obj_new_impl(__u64 type, void *meta) __ksym;
extern void bpf_obj_drop_impl(void *object, void *meta) __ksym;
extern int bpf_rbtree_add_impl(struct bpf_rb_root *root, struct bpf_rb_node *node,
			       bool (less)(struct bpf_rb_node *a, const struct bpf_rb_node *b), void *meta, __u64 off) __ksym;
extern struct bpf_rb_node *bpf_rbtree_first(struct bpf_rb_root *root) __ksym;
extern struct bpf_rb_node *bpf_rbtree_remove(struct bpf_rb_root *root, struct bpf_rb_node *node) __ksym;

struct waiting {
	struct bpf_rb_node node;
	__u64 since;
	__u32 pid;
};

private(WAITING) struct bpf_spin_lock lock;
private(WAITING) struct bpf_rb_root tasks __contains(waiting, node);

static bool earlier(struct bpf_rb_node *a, const struct bpf_rb_node *b)
{
	return container_of(a, struct waiting, node)->since < container_of(b, struct waiting, node)->since;
}

SEC("tp_btf/sched_wakeup")
int BPF_PROG(woken, struct task_struct *task)
{
	struct waiting *w = bpf_obj_new(struct waiting);

	if (!w)
		return 0;
	w->pid = task->pid;
	w->since = bpf_ktime_get_ns();
	bpf_spin_lock(&lock);
	bpf_rbtree_add(&tasks, &w->node, earlier);
	bpf_spin_unlock(&lock);
	return 0;
}

SEC("tp_btf/sched_switch")
int BPF_PROG(first_woken, bool preempt, struct task_struct *prev, struct task_struct *next)
{
	struct bpf_rb_node *node;
	struct waiting *w;

	bpf_spin_lock(&lock);
	node = bpf_rbtree_first(&tasks);
	if (!node) {
		bpf_spin_unlock(&lock);
		return 0;
	}
	node = bpf_rbtree_remove(&tasks, node);
	bpf_spin_unlock(&lock);
	if (!node)
		return 0;
	w = container_of(node, struct waiting, node);
	bpf_printk("%d has waited since %llu", w->pid, w->since);
	bpf_obj_drop(w);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
