package rules

import (
	"strings"
	"testing"
)

// TestRefusedCalls: what is said of calls by the log alone.
func TestRefusedCalls(t *testing.T) {
	const begin = "0: R1=ctx() R10=fp0\n"
	for _, c := range []struct {
		name, section, log string
		code, message      string
		has                string // in labels, notes or helps
	}{
		{"parameter of a helper", "", begin + `0: (b7) r1 = 0 ; R1_w=0
1: (b7) r2 = 4096 ; R2_w=4096
2: (85) call bpf_map_lookup_elem#1
R1 type=scalar expected=map_ptr
`, "BPF0511", "`bpf_map_lookup_elem` takes a map as `map`, not 0", ""},
		{"parameter of a kfunc, as 6.1 counts arguments", "", begin + `0: (bf) r1 = r10 ; R1_w=fp0 R10=fp0
1: (07) r1 += -8 ; R1_w=fp-8
2: (85) call bpf_task_acquire#26000
arg#0 pointer type STRUCT task_struct must point to scalar, or struct with scalar
`, "BPF0560", "`bpf_task_acquire` takes a `struct task_struct *` that the kernel gave as `p`, not an address on the stack", ""},
		{"a field of the context", "", begin + `0: (79) r2 = *(u64 *)(r1 +8) ; R1=ctx() R2_w=scalar()
1: (85) call bpf_ringbuf_output#130
R2 type=scalar expected=fp, pkt, pkt_meta, map_key, map_value, mem
`, "BPF0511", "`bpf_ringbuf_output` takes a pointer to memory as `data`, not a number", "bpf_probe_read_kernel"},
		{"section that has the helper later", "xdp", begin + `0: (85) call bpf_get_current_cgroup_id#80
unknown func bpf_get_current_cgroup_id#80
`, "BPF0501", "an `xdp` program cannot call `bpf_get_current_cgroup_id`", "Linux 6.12 allows it"},
		{"section that never has it", "xdp", begin + `0: (85) call bpf_skb_store_bytes#9
program of this type cannot use helper bpf_skb_store_bytes#9
`, "BPF0501", "an `xdp` program cannot call `bpf_skb_store_bytes`", "bpf_xdp_store_bytes"},
		{"range of what has to be constant", "", begin + `0: (61) r2 = *(u32 *)(r1 +0) ; R1=ctx() R2_w=scalar(smin=0,smax=umax=0xffffffff,var_off=(0x0; 0xffffffff))
1: (57) r2 &= 15 ; R2_w=scalar(smin=smin32=0,smax=umax=smax32=umax32=15,var_off=(0x0; 0xf))
2: (85) call bpf_ringbuf_reserve#131
R2 is not a known constant'
`, "BPF0516", "`bpf_ringbuf_reserve` takes a constant as `size`", "a range does not do"},
		{"a call that is not there", "", "R1 type=fp expected=ctx\n", "BPF0512", "an argument is not what the function takes", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := Diagnose(Case{Program: Program{Name: "prog", Section: c.section, Type: c.section}, Log: c.log})
			if d.Code != c.code || d.Message != c.message {
				t.Errorf("%s: %s, not %s: %s", d.Code, d.Message, c.code, c.message)
			}
			said := strings.Join(d.Notes, "\n")
			for _, l := range d.Labels {
				said += "\n" + l.Text
			}
			for _, h := range d.Helps {
				said += "\n" + h.Text
			}
			if c.has != "" && !strings.Contains(said, c.has) {
				t.Errorf("%q is not in\n%s", c.has, said)
			}
		})
	}
}
