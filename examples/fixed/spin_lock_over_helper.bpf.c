// Spin lock: lets each user start so many programs a second, by a bucket of tokens.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#define EPERM 1
#define SECOND 1000000000ull
#define BURST 50

struct allowance {
	struct bpf_spin_lock lock;
	__u32 tokens;
	__u64 filled;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, struct allowance);
} buckets SEC(".maps");

SEC("lsm/bprm_check_security")
int BPF_PROG(limit_users, struct linux_binprm *bprm, int ret)
{
	__u32 uid = bpf_get_current_uid_gid();
	struct allowance *b;
	bool empty;
	__u64 now;

	if (ret)
		return ret;
	b = bpf_map_lookup_elem(&buckets, &uid);
	if (!b) // not a user with a limit
		return 0;
	now = bpf_ktime_get_ns();
	bpf_spin_lock(&b->lock);
	if (now - b->filled >= SECOND) {
		b->tokens = BURST;
		b->filled = now;
	}
	empty = b->tokens == 0;
	if (!empty)
		b->tokens--;
	bpf_spin_unlock(&b->lock);
	return empty ? -EPERM : 0;
}

char LICENSE[] SEC("license") = "GPL";
