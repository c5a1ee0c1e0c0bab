#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define PROGRAM(section, name, code) \
	SEC(section) __attribute__((naked)) int name(void *ctx) { asm volatile(code); }

PROGRAM("cgroup/connect4", connected, "r0 = 1; exit;")
PROGRAM("cgroup/sendmsg6", refused_value, "r0 = 7; exit;")
PROGRAM("cgroup_skb/egress", egress, "r0 = 1; exit;")
PROGRAM("kprobe/do_exit", probed, "r0 = 0; exit;")
PROGRAM("tracepoint/syscalls/sys_enter_openat", traced, "r0 = 0; exit;")
PROGRAM("fentry/do_exit", entered, "r0 = 0; exit;")
PROGRAM("lsm/file_open", hooked, "r0 = 0; exit;")
PROGRAM("perf_event", sampled, "r0 = 0; exit;")
PROGRAM("sk_msg", sent, "r0 = 1; exit;")
PROGRAM("iter/task", iterated, "r0 = 0; exit;")

char LICENSE[] SEC("license") = "GPL";
