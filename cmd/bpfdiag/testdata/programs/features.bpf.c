// SPDX-License-Identifier: Apache-2.0
// One fact of `bpfdiag features` in each program: its name says what the
// program uses, and whether it may, as Linux has it since 6.1.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

struct {
	__uint(type, BPF_MAP_TYPE_STACK_TRACE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64[10]);
} traces SEC(".maps");

SEC("xdp") int yes_bpf_xdp_adjust_head(struct xdp_md *ctx)
{
	bpf_xdp_adjust_head(ctx, 4);
	return XDP_PASS;
}

SEC("tc") int no_bpf_xdp_adjust_head(struct __sk_buff *ctx)
{
	bpf_xdp_adjust_head((void *)ctx, 4);
	return 0;
}

SEC("fentry.s/__x64_sys_nanosleep") int yes_bpf_copy_from_user(void *ctx)
{
	long v;

	bpf_copy_from_user(&v, sizeof(v), ctx);
	return 0;
}

SEC("fentry/__x64_sys_nanosleep") int no_bpf_copy_from_user(void *ctx)
{
	long v;

	bpf_copy_from_user(&v, sizeof(v), ctx);
	return 0;
}

SEC("lirc_mode2") int no_bpf_loop(void *ctx)
{
	bpf_loop(1, 0, 0, 0);
	return 0;
}

SEC("kprobe/do_nanosleep") int yes_stack_trace(void *ctx)
{
	return bpf_get_stackid(ctx, &traces, 0) < 0;
}
