#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define ASM __attribute__((naked))

/* Two instructions. */
SEC("socket")
ASM int tiny(void *ctx)
{
	asm volatile("r0 = 0; exit;");
}

/* A loop, ten times. */
SEC("xdp")
ASM int looped(void *ctx)
{
	asm volatile(
		"r0 = 0;"
		"1: r0 += 1;"
		"if r0 < 10 goto 1b;"
		"r0 = 2;"
		"exit;");
}

/* Both ways are possible, which makes states. */
SEC("tc")
ASM int branched(void *ctx)
{
	asm volatile(
		"r6 = r1;"
		"call 7;" /* get_prandom_u32 */
		"r7 = r0;"
		"if r7 > 5 goto 1f;"
		"r7 = 6;"
		"1: *(u64 *)(r10 - 8) = r7;"
		"call 7;"
		"if r0 == r7 goto 2f;"
		"r8 = *(u64 *)(r10 - 8);"
		"r0 += r8;"
		"2: r0 = 0;"
		"exit;");
}

/* A function with a stack of its own. */
static ASM int stacked_below(void)
{
	asm volatile(
		"r1 = 1;"
		"*(u64 *)(r10 - 32) = r1;"
		"r0 = 0;"
		"exit;");
}

SEC("raw_tp/sys_enter")
ASM int stacked(void *ctx)
{
	asm volatile(
		"r1 = 1;"
		"*(u64 *)(r10 - 16) = r1;"
		"call %[below];"
		"exit;"
		:: [below] "i"(stacked_below));
}

/* R2 was never written. */
SEC("xdp")
ASM int refused(void *ctx)
{
	asm volatile("r0 = r2; exit;");
}

char LICENSE[] SEC("license") = "GPL";
