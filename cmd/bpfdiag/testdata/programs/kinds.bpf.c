// A program of each family that a kernel must be able to verify: what patches
// and configuration are for. The verdict is in the name.
#include <linux/bpf.h>
#include <linux/ptrace.h>
#include <stdbool.h>
#define __TARGET_ARCH_x86
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

struct task_struct {
	int pid;
	struct task_struct *real_parent;
} __attribute__((preserve_access_index));
struct linux_binprm;
struct sock;

extern int LINUX_KERNEL_VERSION __kconfig;
extern bool CONFIG_BPF_SYSCALL __kconfig;
extern void bpf_rcu_read_lock(void) __ksym;
extern void bpf_rcu_read_unlock(void) __ksym;

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 28);
} events SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 10000000);
	__type(key, __u64);
	__type(value, __u8[512]);
} huge SEC(".maps");

SEC("kprobe/do_nanosleep") int BPF_KPROBE(accept_kprobe, void *first)
{
	return first == 0;
}

SEC("fentry/__x64_sys_getpgid") int accept_fentry(void *ctx)
{
	struct task_struct *t = (void *)bpf_get_current_task_btf();

	bpf_printk("child of %d", t->real_parent->pid);
	return 0;
}

SEC("tp/sched/sched_switch") int accept_tracepoint(void *ctx) { return 0; }
SEC("tp/syscalls/sys_enter_openat") int accept_syscall_tracepoint(void *ctx) { return 0; }
SEC("tp_btf/sched_switch") int accept_tp_btf(void *ctx) { return 0; }
SEC("perf_event") int accept_perf_event(void *ctx) { return 0; }
SEC("lsm/bprm_check_security") int BPF_PROG(accept_lsm, struct linux_binprm *b) { return 0; }
SEC("iter/task") int accept_iter(void *ctx) { return 0; }
SEC("cgroup_skb/egress") int accept_cgroup(struct __sk_buff *skb) { return 1; }
SEC("sk_lookup") int accept_sk_lookup(struct bpf_sk_lookup *ctx) { return 1; }
SEC("flow_dissector") int accept_flow_dissector(struct __sk_buff *skb) { return 0; }
SEC("lirc_mode2") int accept_lirc(void *ctx) { return 0; }
SEC("syscall") int accept_syscall(void *ctx) { return 0; }

SEC("tc") int accept_kconfig(struct __sk_buff *skb)
{
	return LINUX_KERNEL_VERSION > 0x60000 && CONFIG_BPF_SYSCALL ? 0 : 1;
}

SEC("tc") int accept_large_maps(struct __sk_buff *skb)
{
	__u64 key = 0;
	char *value = bpf_map_lookup_elem(&huge, &key);
	void *record = bpf_ringbuf_reserve(&events, 64, 0);

	if (record)
		bpf_ringbuf_discard(record, 0);
	return value ? value[511] : 0;
}

SEC("tp_btf/sched_switch") int accept_kfunc(void *ctx)
{
	bpf_rcu_read_lock();
	bpf_rcu_read_unlock();
	return 0;
}

SEC("tc") int reject_null(struct __sk_buff *skb)
{
	__u64 key = 0;
	char *value = bpf_map_lookup_elem(&huge, &key);

	return value[0];
}

SEC("xdp") int reject_packet(struct xdp_md *ctx)
{
	return *(char *)(long)ctx->data;
}

SEC("kprobe/do_nanosleep") int BPF_KPROBE(reject_kernel_memory, int *p)
{
	return *p;
}

char LICENSE[] SEC("license") = "GPL";
