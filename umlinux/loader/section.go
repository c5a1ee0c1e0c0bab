package loader

import "strings"

// sectionDef says what a section name makes of a program. A name that ends in
// "+" also matches with "/" and more behind it.
type sectionDef struct {
	name   string
	typ    ProgramType
	attach AttachType
	flags  sectionFlag
	// hasAttach: the section names an attach type, which 0 (the first
	// enumerator) cannot tell.
	hasAttach bool
}

type sectionFlag uint8

const (
	sleepable sectionFlag = 1 << iota
	attachBTF             // the target is a function or type of the kernel's BTF
	frags                 // XDP with multi-buffer support
	usdt
)

// sectionDefs follows section_defs of tools/lib/bpf/libbpf.c (Linux 7.3): name,
// program type, attach type or "-", flags (S sleepable, B attach by BTF, F
// frags, U usdt). The first match counts.
var sectionDefs = parseSections(`
socket                  socket_filter  -
sk_reuseport/migrate    sk_reuseport   sk_reuseport_select_or_migrate
sk_reuseport            sk_reuseport   sk_reuseport_select
kprobe+                 kprobe         -
uprobe+                 kprobe         -
uprobe.s+               kprobe         -                        S
kretprobe+              kprobe         -
uretprobe+              kprobe         -
uretprobe.s+            kprobe         -                        S
kprobe.multi+           kprobe         trace_kprobe_multi
kretprobe.multi+        kprobe         trace_kprobe_multi
kprobe.session+         kprobe         trace_kprobe_session
uprobe.multi+           kprobe         trace_uprobe_multi
uretprobe.multi+        kprobe         trace_uprobe_multi
uprobe.session+         kprobe         trace_uprobe_session
uprobe.multi.s+         kprobe         trace_uprobe_multi       S
uretprobe.multi.s+      kprobe         trace_uprobe_multi       S
uprobe.session.s+       kprobe         trace_uprobe_session     S
ksyscall+               kprobe         -
kretsyscall+            kprobe         -
usdt+                   kprobe         -                        U
usdt.s+                 kprobe         -                        US
tc/ingress              sched_cls      tcx_ingress
tc/egress               sched_cls      tcx_egress
tcx/ingress             sched_cls      tcx_ingress
tcx/egress              sched_cls      tcx_egress
tc                      sched_cls      -
classifier              sched_cls      -
action                  sched_act      -
netkit/primary          sched_cls      netkit_primary
netkit/peer             sched_cls      netkit_peer
tracepoint+             tracepoint     -
tp+                     tracepoint     -
tracepoint.s+           tracepoint     -                        S
tp.s+                   tracepoint     -                        S
raw_tracepoint+         raw_tracepoint -
raw_tp+                 raw_tracepoint -
raw_tracepoint.s+       raw_tracepoint -                        S
raw_tp.s+               raw_tracepoint -                        S
raw_tracepoint.w+       raw_tracepoint_writable -
raw_tp.w+               raw_tracepoint_writable -
tp_btf+                 tracing        trace_raw_tp             B
tp_btf.s+               tracing        trace_raw_tp             BS
fentry+                 tracing        trace_fentry             B
fmod_ret+               tracing        modify_return            B
fexit+                  tracing        trace_fexit              B
fentry.s+               tracing        trace_fentry             BS
fmod_ret.s+             tracing        modify_return            BS
fexit.s+                tracing        trace_fexit              BS
fsession+               tracing        trace_fsession           B
fsession.s+             tracing        trace_fsession           BS
fsession.multi+         tracing        trace_fsession_multi
fsession.multi.s+       tracing        trace_fsession_multi     S
fentry.multi+           tracing        trace_fentry_multi
fexit.multi+            tracing        trace_fexit_multi
fentry.multi.s+         tracing        trace_fentry_multi       S
fexit.multi.s+          tracing        trace_fexit_multi        S
freplace+               ext            -                        B
lsm+                    lsm            lsm_mac                  B
lsm.s+                  lsm            lsm_mac                  BS
lsm_cgroup+             lsm            lsm_cgroup               B
iter+                   tracing        trace_iter               B
iter.s+                 tracing        trace_iter               BS
syscall                 syscall        -                        S
xdp.frags/devmap        xdp            xdp_devmap               F
xdp/devmap              xdp            xdp_devmap
xdp.frags/cpumap        xdp            xdp_cpumap               F
xdp/cpumap              xdp            xdp_cpumap
xdp.frags               xdp            xdp                      F
xdp                     xdp            xdp
perf_event              perf_event     -
lwt_in                  lwt_in         -
lwt_out                 lwt_out        -
lwt_xmit                lwt_xmit       -
lwt_seg6local           lwt_seg6local  -
sockops                 sock_ops       cgroup_sock_ops
sk_skb/stream_parser    sk_skb         sk_skb_stream_parser
sk_skb/stream_verdict   sk_skb         sk_skb_stream_verdict
sk_skb/verdict          sk_skb         sk_skb_verdict
sk_skb                  sk_skb         -
sk_msg                  sk_msg         sk_msg_verdict
lirc_mode2              lirc_mode2     lirc_mode2
flow_dissector          flow_dissector flow_dissector
cgroup_skb/ingress      cgroup_skb     cgroup_inet_ingress
cgroup_skb/egress       cgroup_skb     cgroup_inet_egress
cgroup/skb              cgroup_skb     -
cgroup/sock_create      cgroup_sock    cgroup_inet_sock_create
cgroup/sock_release     cgroup_sock    cgroup_inet_sock_release
cgroup/sock             cgroup_sock    cgroup_inet_sock_create
cgroup/post_bind4       cgroup_sock    cgroup_inet4_post_bind
cgroup/post_bind6       cgroup_sock    cgroup_inet6_post_bind
cgroup/bind4            cgroup_sock_addr cgroup_inet4_bind
cgroup/bind6            cgroup_sock_addr cgroup_inet6_bind
cgroup/connect4         cgroup_sock_addr cgroup_inet4_connect
cgroup/connect6         cgroup_sock_addr cgroup_inet6_connect
cgroup/connect_unix     cgroup_sock_addr cgroup_unix_connect
cgroup/sendmsg4         cgroup_sock_addr cgroup_udp4_sendmsg
cgroup/sendmsg6         cgroup_sock_addr cgroup_udp6_sendmsg
cgroup/sendmsg_unix     cgroup_sock_addr cgroup_unix_sendmsg
cgroup/recvmsg4         cgroup_sock_addr cgroup_udp4_recvmsg
cgroup/recvmsg6         cgroup_sock_addr cgroup_udp6_recvmsg
cgroup/recvmsg_unix     cgroup_sock_addr cgroup_unix_recvmsg
cgroup/getpeername4     cgroup_sock_addr cgroup_inet4_getpeername
cgroup/getpeername6     cgroup_sock_addr cgroup_inet6_getpeername
cgroup/getpeername_unix cgroup_sock_addr cgroup_unix_getpeername
cgroup/getsockname4     cgroup_sock_addr cgroup_inet4_getsockname
cgroup/getsockname6     cgroup_sock_addr cgroup_inet6_getsockname
cgroup/getsockname_unix cgroup_sock_addr cgroup_unix_getsockname
cgroup/sysctl           cgroup_sysctl  cgroup_sysctl
cgroup/getsockopt       cgroup_sockopt cgroup_getsockopt
cgroup/setsockopt       cgroup_sockopt cgroup_setsockopt
cgroup/dev              cgroup_device  cgroup_device
struct_ops+             struct_ops     -
struct_ops.s+           struct_ops     -                        S
sk_lookup               sk_lookup      sk_lookup
netfilter               netfilter      netfilter
`)

func parseSections(table string) []sectionDef {
	var out []sectionDef
	for _, line := range strings.Split(strings.TrimSpace(table), "\n") {
		f := strings.Fields(line)
		d := sectionDef{name: f[0], typ: programType(f[1])}
		if f[2] != "-" {
			d.attach, d.hasAttach = attachType(f[2]), true
		}
		if len(f) > 3 {
			for c, flag := range map[rune]sectionFlag{'S': sleepable, 'B': attachBTF, 'F': frags, 'U': usdt} {
				if strings.ContainsRune(f[3], c) {
					d.flags |= flag
				}
			}
		}
		out = append(out, d)
	}
	return out
}

// findSection mirrors find_sec_def; ok is false for a name that libbpf does not know.
func findSection(name string) (d sectionDef, ok bool) {
	for _, d := range sectionDefs {
		base, open := strings.CutSuffix(d.name, "+")
		if name == base || open && strings.HasPrefix(name, base+"/") {
			return d, true
		}
	}
	return sectionDef{}, false
}

// contextTypes says which program type a context argument belongs to, for
// programs whose section tells none (freplace, own section names): what
// veristat guesses in guess_prog_type_by_ctx_name.
var contextTypes = parseContexts(`
__sk_buff               sk_buff                  sched_cls        -
bpf_sock                sock                     cgroup_sock      cgroup_inet4_post_bind
bpf_sock_addr           bpf_sock_addr_kern       cgroup_sock_addr cgroup_inet4_bind
bpf_sock_ops            bpf_sock_ops_kern        sock_ops         cgroup_sock_ops
sk_msg_md               sk_msg                   sk_msg           sk_msg_verdict
bpf_cgroup_dev_ctx      bpf_cgroup_dev_ctx       cgroup_device    cgroup_device
bpf_sysctl              bpf_sysctl_kern          cgroup_sysctl    cgroup_sysctl
bpf_sockopt             bpf_sockopt_kern         cgroup_sockopt   cgroup_setsockopt
sk_reuseport_md         sk_reuseport_kern        sk_reuseport     sk_reuseport_select_or_migrate
bpf_sk_lookup           bpf_sk_lookup_kern       sk_lookup        sk_lookup
xdp_md                  xdp_buff                 xdp              xdp
bpf_user_pt_regs_t      pt_regs                  kprobe           -
bpf_perf_event_data     bpf_perf_event_data_kern perf_event       -
bpf_raw_tracepoint_args bpf_raw_tracepoint_args  raw_tracepoint   -
`)

func parseContexts(table string) map[string]sectionDef {
	out := map[string]sectionDef{}
	for _, line := range strings.Split(strings.TrimSpace(table), "\n") {
		f := strings.Fields(line)
		d := sectionDef{name: f[0], typ: programType(f[2])}
		if f[3] != "-" {
			d.attach, d.hasAttach = attachType(f[3]), true
		}
		out[f[0]], out[f[1]] = d, d
	}
	return out
}

// contextStruct names the context structure that a program type's global
// functions expect, for kernels that do not know __arg_ctx (global_ctx_map).
var contextStruct = map[ProgramType]string{}

func init() {
	for _, p := range strings.Fields(`cgroup_device:bpf_cgroup_dev_ctx cgroup_skb:__sk_buff cgroup_sock:bpf_sock
		cgroup_sock_addr:bpf_sock_addr cgroup_sockopt:bpf_sockopt cgroup_sysctl:bpf_sysctl flow_dissector:__sk_buff
		kprobe:bpf_user_pt_regs_t lwt_in:__sk_buff lwt_out:__sk_buff lwt_seg6local:__sk_buff lwt_xmit:__sk_buff
		netfilter:bpf_nf_ctx perf_event:bpf_perf_event_data raw_tracepoint:bpf_raw_tracepoint_args
		raw_tracepoint_writable:bpf_raw_tracepoint_args sched_act:__sk_buff sched_cls:__sk_buff sk_lookup:bpf_sk_lookup
		sk_msg:sk_msg_md sk_reuseport:sk_reuseport_md sk_skb:__sk_buff socket_filter:__sk_buff sock_ops:bpf_sock_ops
		xdp:xdp_md`) {
		typ, name, _ := strings.Cut(p, ":")
		contextStruct[programType(typ)] = name
	}
}

// TypeOf names the program type and, where that has one, the attach type that a
// section name stands for; "" for names that libbpf does not know.
func TypeOf(section string) (typ, attach string) {
	d, ok := findSection(section)
	if !ok {
		return "", ""
	}
	if d.hasAttach {
		attach = d.attach.String()
	}
	return d.typ.String(), attach
}
