package rules

import (
	"reflect"
	"strings"
	"testing"
)

// A map is at another address at each run; what is said of the program is the
// same.
func TestAddressesAreNotTold(t *testing.T) {
	const log = `0: R1=ctx() R10=fp0
0: (b7) r1 = 0                        ; R1_w=0
1: (63) *(u32 *)(r10 -4) = r1         ; R1_w=0 R10=fp0 fp-8=0000????
2: (bf) r2 = r10                      ; R2_w=fp0 R10=fp0
3: (07) r2 += -4                      ; R2_w=fp-4
4: (18) r1 = 0x61c8caf8               ; R1_w=map_ptr(map=counters,ks=4,vs=8)
6: (85) call bpf_map_lookup_elem#1    ; R0_w=map_value_or_null(id=1,map=counters,ks=4,vs=8)
7: (18) r6 = 0x6ce6c008               ; R6_w=map_value(map=prog.bss,ks=4,vs=28,off=8)
9: (79) r1 = *(u64 *)(r6 +32)
invalid access to map value, value_size=28 off=40 size=8
R6 min value is outside of the allowed memory range

Verification failed: Memory Safety: Invalid memory access

Causal path:
       7 | (18) r6 = 0x6ce6c008
>>>    9 | (79) r1 = *(u64 *)(r6 +32)
processed 8 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0
`
	d := Diagnose(Case{Log: log})
	again := Diagnose(Case{Log: strings.NewReplacer("0x61c8caf8", "0x6156bef8", "0x6ce6c008", "0x100000008").Replace(log)})
	if len(d.Evidence) == 0 || !strings.Contains(d.KernelMessage, "r6 = address") {
		t.Fatalf("%+v", d)
	}
	if !reflect.DeepEqual(d, again) {
		t.Errorf("%+v\n%+v", d, again)
	}
}
