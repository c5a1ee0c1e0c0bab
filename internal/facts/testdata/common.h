#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>


char LICENSE[] SEC("license") = "GPL";

/* keep has the compiler keep a value, and not know it any more. */
#define keep(x) asm volatile("" : "+r"(x))
