// Broken, sk_msg: the message is read without a check that it has so many bytes.
#include <linux/bpf.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

const volatile __u32 admin_port = 9000;

SEC("sk_msg")
int only_get(struct sk_msg_md *msg)
{
	if (bpf_ntohl(msg->remote_port) != admin_port)
		return SK_PASS;
	if (bpf_msg_pull_data(msg, 0, 4, 0))
		return SK_DROP;

	char *data = msg->data;

	if (data[0] == 'G' && data[1] == 'E' && data[2] == 'T' && data[3] == ' ')
		return SK_PASS;
	return SK_DROP;
}

char LICENSE[] SEC("license") = "GPL";
