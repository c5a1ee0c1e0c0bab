// One program needs what no kernel has; the other is fine.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

extern int bpf_there_is_no_such_kfunc(void) __ksym;

struct task_struct {
	int there_is_no_such_field;
} __attribute__((preserve_access_index));

SEC("tc") int needs_kfunc(struct __sk_buff *skb)
{
	return bpf_there_is_no_such_kfunc();
}

SEC("kprobe/do_nanosleep") int needs_field(void *ctx)
{
	struct task_struct *t = (void *)bpf_get_current_task();
	int v;

	bpf_probe_read_kernel(&v, sizeof(v), &t->there_is_no_such_field);
	return v;
}

SEC("fentry/there_is_no_such_function") int needs_function(void *ctx)
{
	return 0;
}

SEC("tc") int needs_nothing(struct __sk_buff *skb)
{
	return 0;
}

SEC("my_own_section") int own_section(struct xdp_md *ctx)
{
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
