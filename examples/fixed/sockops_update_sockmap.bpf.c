// sockops: keeps the connections of this host in a map, for redirection by sk_msg programs.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define AF_INET 2

struct conn {
	__u32 local_ip;
	__u32 remote_ip;
	__u32 local_port;
	__u32 remote_port;
};

struct {
	__uint(type, BPF_MAP_TYPE_SOCKHASH);
	__uint(max_entries, 65535);
	__type(key, struct conn);
	__type(value, __u64);
} connections SEC(".maps");

SEC("sockops")
int track(struct bpf_sock_ops *ops)
{
	struct conn key = {};

	if (ops->family != AF_INET)
		return 0;
	if (ops->op != BPF_SOCK_OPS_ACTIVE_ESTABLISHED_CB && ops->op != BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB)
		return 0;

	key.local_ip = ops->local_ip4;
	key.remote_ip = ops->remote_ip4;
	key.local_port = ops->local_port;
	key.remote_port = ops->remote_port;
	bpf_sock_hash_update(ops, &connections, &key, BPF_NOEXIST);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
