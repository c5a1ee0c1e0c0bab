package verifierlog

// changesPacket are the helpers and kfuncs that may move the packet, so that
// every pointer to it must be read again (bpf_helper_changes_pkt_data in
// net/core/filter.c, clear_all_pkt_pointers).
var changesPacket = map[string]bool{
	"bpf_skb_vlan_push": true, "bpf_skb_vlan_pop": true, "bpf_skb_store_bytes": true,
	"bpf_skb_change_proto": true, "bpf_skb_change_head": true, "bpf_skb_change_tail": true,
	"bpf_skb_adjust_room": true, "bpf_skb_pull_data": true, "bpf_clone_redirect": true,
	"bpf_l3_csum_replace": true, "bpf_l4_csum_replace": true, "bpf_xdp_adjust_head": true,
	"bpf_xdp_adjust_meta": true, "bpf_xdp_adjust_tail": true, "bpf_msg_pull_data": true,
	"bpf_msg_push_data": true, "bpf_msg_pop_data": true, "bpf_lwt_push_encap": true,
	"bpf_lwt_seg6_store_bytes": true, "bpf_lwt_seg6_adjust_srh": true, "bpf_lwt_seg6_action": true,
	"bpf_store_hdr_opt": true, "bpf_xdp_pull_data": true, "bpf_tail_call": true,
}

// takesNothing are functions without arguments. What is in r1 to r5 at a call of
// any other may be one; the log does not tell how many it takes.
var takesNothing = map[string]bool{
	"bpf_ktime_get_ns": true, "bpf_ktime_get_boot_ns": true, "bpf_ktime_get_coarse_ns": true,
	"bpf_ktime_get_tai_ns": true, "bpf_jiffies64": true, "bpf_get_prandom_u32": true,
	"bpf_get_smp_processor_id": true, "bpf_get_numa_node_id": true, "bpf_get_current_pid_tgid": true,
	"bpf_get_current_uid_gid": true, "bpf_get_current_task": true, "bpf_get_current_task_btf": true,
	"bpf_get_current_cgroup_id": true, "bpf_rcu_read_lock": true, "bpf_rcu_read_unlock": true,
	"bpf_preempt_disable": true, "bpf_preempt_enable": true,
}
