package loader

import (
	"slices"
	"strings"
)

// ProgramType is enum bpf_prog_type, AttachType enum bpf_attach_type
// (include/uapi/linux/bpf.h); their strings are libbpf's and veristat's.
type (
	ProgramType uint32
	AttachType  uint32
)

var programTypes = strings.Fields(`unspec socket_filter kprobe sched_cls sched_act tracepoint xdp perf_event
cgroup_skb cgroup_sock lwt_in lwt_out lwt_xmit sock_ops sk_skb cgroup_device sk_msg raw_tracepoint
cgroup_sock_addr lwt_seg6local lirc_mode2 sk_reuseport flow_dissector cgroup_sysctl
raw_tracepoint_writable cgroup_sockopt tracing struct_ops ext lsm sk_lookup syscall netfilter`)

var attachTypes = strings.Fields(`cgroup_inet_ingress cgroup_inet_egress cgroup_inet_sock_create cgroup_sock_ops
sk_skb_stream_parser sk_skb_stream_verdict cgroup_device sk_msg_verdict cgroup_inet4_bind cgroup_inet6_bind
cgroup_inet4_connect cgroup_inet6_connect cgroup_inet4_post_bind cgroup_inet6_post_bind cgroup_udp4_sendmsg
cgroup_udp6_sendmsg lirc_mode2 flow_dissector cgroup_sysctl cgroup_udp4_recvmsg cgroup_udp6_recvmsg
cgroup_getsockopt cgroup_setsockopt trace_raw_tp trace_fentry trace_fexit modify_return lsm_mac trace_iter
cgroup_inet4_getpeername cgroup_inet6_getpeername cgroup_inet4_getsockname cgroup_inet6_getsockname
xdp_devmap cgroup_inet_sock_release xdp_cpumap sk_lookup xdp sk_skb_verdict sk_reuseport_select
sk_reuseport_select_or_migrate perf_event trace_kprobe_multi lsm_cgroup struct_ops netfilter tcx_ingress
tcx_egress trace_uprobe_multi cgroup_unix_connect cgroup_unix_sendmsg cgroup_unix_recvmsg
cgroup_unix_getpeername cgroup_unix_getsockname netkit_primary netkit_peer trace_kprobe_session
trace_uprobe_session trace_fsession trace_fentry_multi trace_fexit_multi trace_fsession_multi`)

func (t ProgramType) String() string { return enumName(programTypes, uint32(t)) }
func (t AttachType) String() string  { return enumName(attachTypes, uint32(t)) }

func enumName(names []string, v uint32) string {
	if int(v) < len(names) {
		return names[v]
	}
	return "unknown"
}

// ParseProgramType finds a type by its name.
func ParseProgramType(name string) (ProgramType, bool) {
	i := slices.Index(programTypes, name)
	return ProgramType(max(i, 0)), i >= 0
}

// ParseAttachType finds a type by its name.
func ParseAttachType(name string) (AttachType, bool) {
	i := slices.Index(attachTypes, name)
	return AttachType(max(i, 0)), i >= 0
}

func programType(name string) ProgramType { return ProgramType(enumValue(programTypes, name)) }
func attachType(name string) AttachType   { return AttachType(enumValue(attachTypes, name)) }

// enumValue panics on a name that is not in the table: the section table is ours.
func enumValue(names []string, name string) int {
	if i := slices.Index(names, name); i >= 0 {
		return i
	}
	panic("no such enumerator: " + name)
}

// The types that the loader treats specially.
var (
	typeStructOps = programType("struct_ops")
	typeExt       = programType("ext")
	attachRawTP   = attachType("trace_raw_tp")
	attachLSM     = attachType("lsm_mac")
	attachLSMCg   = attachType("lsm_cgroup")
	attachIter    = attachType("trace_iter")
	attachUprobes = attachType("trace_uprobe_multi")
)
