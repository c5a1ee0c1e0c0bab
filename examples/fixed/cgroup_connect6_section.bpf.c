// cgroup: keeps a container from the IPv6 address of the metadata service of the cloud.
#include <linux/bpf.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

/* fd00:ec2::254 */
#define METADATA_FIRST 0xfd000ec2
#define METADATA_LAST 0x254

SEC("cgroup/connect6")
int no_metadata_service(struct bpf_sock_addr *ctx)
{
	if (ctx->user_ip6[0] == bpf_htonl(METADATA_FIRST) && ctx->user_ip6[3] == bpf_htonl(METADATA_LAST))
		return 0;
	return 1;
}

char LICENSE[] SEC("license") = "GPL";
