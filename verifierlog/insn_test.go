package verifierlog

import (
	"fmt"
	"math/bits"
	"strings"
	"testing"
)

// TestDefsUses shows which registers instructions write and read.
func TestDefsUses(t *testing.T) {
	for _, c := range []struct{ insn, defs, uses string }{
		{"0: (b7) r1 = 5", "r1", ""},
		{"0: (bf) r1 = r2", "r1", "r2"},
		{"0: (0f) r1 += r2", "r1", "r1 r2"},
		{"0: (87) r1 = -r1", "r1", "r1"},
		{"0: (dc) r1 = be16 r1", "r1", "r1"},
		{"0: (61) r1 = *(u32 *)(r2 +8)", "r1", "r2"},
		{"0: (7b) *(u64 *)(r10 -8) = r1", "", "r1 r10"},
		{"0: (7a) *(u64 *)(r10 -8) = 0", "", "r10"},
		{"0: (db) lock *(u64 *)(r1 +8) += r2", "", "r1 r2"},
		{"0: (db) r2 = atomic64_fetch_add((u64 *)(r1 +0), r2)", "r2", "r1 r2"},
		{"0: (db) r0 = atomic64_cmpxchg((u64 *)(r1 +0), r0, r2)", "r0", "r0 r1 r2"},
		{"0: (db) r1 = load_acquire((u64 *)(r2 +0))", "r1", "r2"},
		{"0: (db) store_release((u64 *)(r1 +0), r2)", "", "r1 r2"},
		{"0: (18) r1 = 0x0", "r1", ""},
		{"0: (28) r0 = *(u16 *)skb[12]", "r0 r1 r2 r3 r4 r5", "r6"},
		{"0: (40) r0 = *(u32 *)skb[r7 + 4]", "r0 r1 r2 r3 r4 r5", "r6 r7"},
		{"0: (05) goto pc+1", "", ""},
		{"0: (15) if r1 == 0x0 goto pc+1", "", "r1"},
		{"0: (1d) if r1 == r2 goto pc+1", "", "r1 r2"},
		{"0: (0d) gotox r3", "", "r3"},
		{"0: (85) call bpf_map_lookup_elem#1", "r0 r1 r2 r3 r4 r5", "r1 r2 r3 r4 r5"},
		{"0: (95) exit", "", "r0"},
		{"0: (bf) r1 = addr_space_cast(r2, 0, 1)", "r1", "r2"},
	} {
		sc := NewScanner(strings.NewReader(c.insn))
		if !sc.Scan() || sc.Node().Kind != KindInsn {
			t.Fatalf("%s: no instruction", c.insn)
		}
		i := sc.Node().Decode()
		if defs, uses := regNames(i.Defs()), regNames(i.Uses()); defs != c.defs || uses != c.uses {
			t.Errorf("%s: writes %s, reads %s", c.insn, defs, uses)
		}
	}
}

func regNames(set uint16) string {
	var names []string
	for ; set != 0; set &= set - 1 {
		names = append(names, fmt.Sprint("r", bits.TrailingZeros16(set)))
	}
	return strings.Join(names, " ")
}
