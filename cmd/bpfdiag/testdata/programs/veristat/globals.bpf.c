#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

enum mode { NONE, FAST, SLOW };
enum deep { DEEP = 1ULL << 40 };

struct inner { enum mode kind; unsigned char flag; };
struct cfg { int depth; struct inner inner; unsigned bits : 3; };

const volatile int limit = 2;
const volatile enum mode mode = NONE;
const volatile struct cfg cfg = {};
const volatile struct cfg cfgs[3] = {};
const volatile int ports[3] = {};
const volatile int grid[2][3] = {};
const volatile unsigned long big = 0;
const volatile unsigned char small = 0;
const volatile union { int either; unsigned other; } wide = {};
const volatile struct { union { int anon; unsigned other; }; } outer = {};

/* One instruction for each variable that is not 0, and a loop of limit. */
#define ADD(width, name, offset) \
	"r1 = %[" #name "] ll;" \
	"r1 = *(" #width " *)(r1 + " #offset ");" \
	"if r1 == 0 goto +1;" \
	"r0 += 1;"

SEC("socket")
__attribute__((naked)) int counts(void *ctx)
{
	asm volatile(
		"r0 = 0;"
		ADD(u32, mode, 0)
		ADD(u32, cfg, 0)
		ADD(u32, cfg, 4)
		ADD(u8, cfg, 8)
		ADD(u32, cfgs, 16)
		ADD(u32, cfgs, 36)
		ADD(u32, ports, 4)
		ADD(u32, grid, 20)
		ADD(u64, big, 0)
		ADD(u8, small, 0)
		ADD(u32, wide, 0)
		ADD(u32, outer, 0)
		"r1 = %[limit] ll;"
		"r1 = *(u32 *)(r1 + 0);"
		"if r1 > 20 goto 2f;"
		"1: if r1 == 0 goto 2f;"
		"r1 -= 1;"
		"goto 1b;"
		"2: r0 = 0;"
		"exit;"
		:: [mode] "i"(&mode), [cfg] "i"(&cfg), [cfgs] "i"(&cfgs), [ports] "i"(&ports), [grid] "i"(&grid), [big] "i"(&big),
		   [small] "i"(&small), [wide] "i"(&wide), [outer] "i"(&outer), [limit] "i"(&limit));
}

char LICENSE[] SEC("license") = "GPL";
