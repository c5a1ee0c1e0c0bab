package verifierlog_test

import (
	"fmt"
	"strings"

	"github.com/bpfdiag/bpfdiag/verifierlog"
)

const log = `0: R1=ctx() R10=fp0
; long *n = bpf_map_lookup_elem(&counts, &key); @ count.bpf.c:17
5: (18) r1 = 0xffff9d2ac2cf3a00       ; R1_w=map_ptr(map=counts,ks=4,vs=8)
7: (85) call bpf_map_lookup_elem#1    ; R0=map_value_or_null(id=1,map=counts,ks=4,vs=8)
; *n += 1; @ count.bpf.c:18
8: (79) r1 = *(u64 *)(r0 +0)
R0 invalid mem access 'map_value_or_null'
processed 8 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0
`

// What is read from, and what was it when it was last seen?
func ExampleScanner() {
	var state verifierlog.State
	last := make(map[int]string)
	sc := verifierlog.NewScanner(strings.NewReader(log))
	for sc.Scan() {
		switch n := sc.Node(); n.Kind {
		case verifierlog.KindState:
			n.State(&state)
			for _, v := range state.Values {
				if v.Flags&verifierlog.MaybeNull != 0 {
					last[v.Reg] = fmt.Sprintf("%s of map %s, or NULL", v.Base, v.Map)
				}
			}
		case verifierlog.KindInsn:
			if i := n.Decode(); i.Op == verifierlog.OpLoad {
				fmt.Printf("line %d: r%d is %s\n", n.Line, i.Mem.Base, last[i.Mem.Base])
			}
		}
	}
	// Output:
	// line 6: r0 is map_value of map counts, or NULL
}

func ExampleSummarize() {
	s := verifierlog.Summarize(log)
	fmt.Printf("%d: %s (line %d, %d instructions)\n", s.Insn, s.Message, s.First, s.Stats.Insns)
	// Output:
	// 8: R0 invalid mem access 'map_value_or_null' (line 7, 8 instructions)
}
