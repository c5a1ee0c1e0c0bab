// Where a value comes from, what checks it and what they miss. Every program
// is rejected. Assembly where the compiler would choose other registers.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct entry {
	char bytes[16];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct entry);
} entries SEC(".maps");

static __always_inline struct entry *entry(void)
{
	__u32 key = 0;

	return bpf_map_lookup_elem(&entries, &key);
}

// w1 is checked, r6 is used.
SEC("xdp") int other_copy(struct xdp_md *ctx)
{
	struct entry *e = entry();

	if (!e)
		return XDP_PASS;
	asm volatile("r7 = %[e]\n"
		     "call %[random]\n"
		     "r6 = r0\n"
		     "w1 = w6\n"
		     "if w1 > 15 goto 1f\n"
		     "r7 += r6\n"
		     "r0 = *(u8 *)(r7 + 0)\n"
		     "1:\n"
		     :
		     : [e] "r"(e), [random] "i"(bpf_get_prandom_u32)
		     : "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "memory");
	return XDP_PASS;
}

// r1 is checked, r6 is used, and the kernel knows that they are one; but the
// check lets too much pass.
SEC("xdp") int wide_check(struct xdp_md *ctx)
{
	struct entry *e = entry();

	if (!e)
		return XDP_PASS;
	asm volatile("r7 = %[e]\n"
		     "call %[random]\n"
		     "r6 = r0\n"
		     "r1 = r6\n"
		     "if r1 > 20 goto 1f\n"
		     "r7 += r6\n"
		     "r0 = *(u8 *)(r7 + 0)\n"
		     "1:\n"
		     :
		     : [e] "r"(e), [random] "i"(bpf_get_prandom_u32)
		     : "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "memory");
	return XDP_PASS;
}

// One byte of a spilled pointer is overwritten.
SEC("xdp") int spill_torn(struct xdp_md *ctx)
{
	struct entry *e = entry();

	if (!e)
		return XDP_PASS;
	asm volatile("*(u64 *)(r10 - 32) = %[e]\n"
		     "r1 = 0\n"
		     "*(u8 *)(r10 - 30) = r1\n"
		     "r2 = *(u64 *)(r10 - 32)\n"
		     "r3 = r2\n"
		     "r0 = *(u8 *)(r3 + 0)\n"
		     :
		     : [e] "r"(e)
		     : "r0", "r1", "r2", "r3", "memory");
	return XDP_PASS;
}

// A pointer is spilled and filled, and still not checked for NULL.
SEC("xdp") int spill_null(struct xdp_md *ctx)
{
	__u32 key = ctx->rx_queue_index;
	struct entry *e = bpf_map_lookup_elem(&entries, &key);

	asm volatile("*(u64 *)(r10 - 32) = %[e]\n"
		     "r1 = 1\n"
		     "r2 = *(u64 *)(r10 - 32)\n"
		     "r3 = r2\n"
		     "*(u8 *)(r3 + 0) = r1\n"
		     :
		     : [e] "r"(e)
		     : "r1", "r2", "r3", "memory");
	return XDP_PASS;
}

// The index is signed, and only its upper end is checked.
SEC("xdp") int sign_extended(struct xdp_md *ctx)
{
	struct entry *e = entry();

	if (!e)
		return XDP_PASS;
	asm volatile("r7 = %[e]\n"
		     "call %[random]\n"
		     "r0 <<= 32\n"
		     "r0 s>>= 32\n"
		     "if r0 s> 15 goto 1f\n"
		     "r7 += r0\n"
		     "r0 = *(u8 *)(r7 + 0)\n"
		     "1:\n"
		     :
		     : [e] "r"(e), [random] "i"(bpf_get_prandom_u32)
		     : "r0", "r1", "r2", "r3", "r4", "r5", "r7", "memory");
	return XDP_PASS;
}

// Checked as 64 bits, then cut to 32, changed, and used.
SEC("xdp") int zero_extended(struct xdp_md *ctx)
{
	struct entry *e = entry();

	if (!e)
		return XDP_PASS;
	asm volatile("r7 = %[e]\n"
		     "call %[random]\n"
		     "if r0 > 15 goto 1f\n"
		     "w1 = w0\n"
		     "w1 += 8\n"
		     "*(u32 *)(r10 - 28) = r1\n"
		     "r2 = *(u32 *)(r10 - 28)\n"
		     "r7 += r2\n"
		     "r0 = *(u8 *)(r7 + 0)\n"
		     "1:\n"
		     :
		     : [e] "r"(e), [random] "i"(bpf_get_prandom_u32)
		     : "r0", "r1", "r2", "r3", "r4", "r5", "r7", "memory");
	return XDP_PASS;
}

// Only one branch writes the slot.
SEC("xdp") int uninit_slot(struct xdp_md *ctx)
{
	struct entry *e = entry();

	if (!e)
		return XDP_PASS;
	asm volatile("r6 = %[e]\n"
		     "call %[random]\n"
		     "if r0 > 7 goto 1f\n"
		     "*(u64 *)(r10 - 32) = r6\n"
		     "1:\n"
		     "r1 = *(u64 *)(r10 - 32)\n"
		     "r0 = *(u8 *)(r1 + 0)\n"
		     :
		     : [e] "r"(e), [random] "i"(bpf_get_prandom_u32)
		     : "r0", "r1", "r2", "r3", "r4", "r5", "r6", "memory");
	return XDP_PASS;
}

// Only one branch writes the register.
SEC("xdp") int uninit_register(struct xdp_md *ctx)
{
	asm volatile("call %[random]\n"
		     "if r0 > 7 goto 1f\n"
		     "r8 = r0\n"
		     "1:\n"
		     "r0 = r8\n"
		     :
		     : [random] "i"(bpf_get_prandom_u32)
		     : "r0", "r1", "r2", "r3", "r4", "r5", "r8");
	return XDP_PASS;
}

// The last of a thousand passes, and the read behind them.
SEC("xdp") int thousand(struct xdp_md *ctx)
{
	asm volatile("r6 = 0\n"
		     "r7 = 0\n"
		     "1:\n"
		     "r7 += r6\n"
		     "r6 += 1\n"
		     "if r6 < 1000 goto 1b\n"
		     "r1 = r10\n"
		     "r1 += r7\n"
		     "r0 = *(u8 *)(r1 + 0)\n"
		     :
		     :
		     : "r0", "r1", "r6", "r7", "memory");
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
