#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("socket")
__attribute__((naked)) int twice(void *ctx)
{
	asm volatile("r0 = 0;");
	asm volatile("1: r0 += 1;");
	asm volatile("if r0 < 2 goto 1b;");
	asm volatile("exit;");
}

SEC("xdp")
__attribute__((naked)) int thrice(void *ctx)
{
	asm volatile("r0 = 0;");
	asm volatile("1: r0 += 1;");
	asm volatile("if r0 < 3 goto 1b;");
	asm volatile("exit;");
}

char LICENSE[] SEC("license") = "GPL";
