// What snippets are compiled with in place of vmlinux.h, which takes a second to
// read: the headers of the user's side, and what they lack.
#include <linux/bpf.h>
#include <linux/bpf_perf_event.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ptrace.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

typedef unsigned long size_t;
typedef long ssize_t;
typedef long long loff_t;
struct file;
struct task_struct;

struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
};
