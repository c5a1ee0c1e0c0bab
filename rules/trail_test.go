package rules

import (
	"fmt"
	"strings"
	"testing"
)

// TestEvidence shows what the evidence of a diagnostic holds: the way of the
// value that failed, also through the stack and a call that took a copy away,
// and the branches since it was made.
func TestEvidence(t *testing.T) {
	const log = `0: R1=ctx() R10=fp0
0: (61) r6 = *(u32 *)(r1 +76)         ; R1=ctx() R6=pkt(r=0)
1: (61) r7 = *(u32 *)(r1 +80)         ; R1=ctx() R7=pkt_end()
2: (bf) r2 = r6                       ; R2=pkt(r=0) R6=pkt(r=0)
3: (07) r2 += 14                      ; R2=pkt(off=14,r=0)
4: (2d) if r2 > r7 goto pc+9          ; R2=pkt(off=14,r=14) R7=pkt_end()
5: (7b) *(u64 *)(r10 -8) = r6         ; R6=pkt(r=14) R10=fp0 fp-8=pkt(r=14)
6: (b7) r2 = 0                        ; R2=0
7: (85) call bpf_skb_pull_data#39     ; R0=scalar()
8: (55) if r0 != 0x0 goto pc+5        ; R0=0
9: (79) r1 = *(u64 *)(r10 -8)         ; R1=scalar() R10=fp0 fp-8=scalar()
10: (71) r0 = *(u8 *)(r1 +0)
R1 invalid mem access 'scalar'
processed 11 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0
`
	d := Diagnose(Case{Program: Program{Name: "p"}, Log: log})
	var b strings.Builder
	for _, e := range d.Evidence {
		fmt.Fprintf(&b, "%d %s %s %s\n", e.Insn, e.Event, e.Register, e.State)
	}
	const want = `0 made r6 pkt(r=0)
4 branch-not-taken r2 pkt(off=14,r=14)
5 spilled fp-8 pkt(r=14)
7 lost r6 scalar()
7 lost fp-8 scalar()
8 branch-not-taken r0 0
9 filled r1 scalar()
10  r1 scalar()
`
	if b.String() != want {
		t.Errorf("got\n%swant\n%s", b.String(), want)
	}
}

// TestEvidenceOfTheStack: a store to somewhere on the stack is part of the way of what
// is read from there, and so is what it wrote over.
func TestEvidenceOfTheStack(t *testing.T) {
	const log = `0: R1=ctx() R10=fp0
0: (61) r2 = *(u32 *)(r1 +0)          ; R1=ctx() R2=scalar(smin=0,smax=umax=0xffffffff,var_off=(0x0; 0xffffffff))
1: (57) r2 &= 8                       ; R2=scalar(smin=smin32=0,smax=umax=smax32=umax32=8,var_off=(0x0; 0x8))
2: (17) r2 -= 16                      ; R2=scalar(smin=smin32=-16,smax=smax32=-8,umin=0xfffffffffffffff0,umax=0xfffffffffffffff8,umin32=0xfffffff0,umax32=0xfffffff8,var_off=(0xfffffffffffffff0; 0x8))
3: (0f) r2 += r10                     ; R2=fp(smin=smin32=-16,smax=smax32=-8,umin=0xfffffffffffffff0,umax=0xfffffffffffffff8,umin32=0xfffffff0,umax32=0xfffffff8,var_off=(0xfffffffffffffff0; 0x8)) R10=fp0
4: (7b) *(u64 *)(r10 -8) = r1         ; R1=ctx() R10=fp0 fp-8=ctx()
5: (7b) *(u64 *)(r2 +0) = r1          ; R1=ctx() R2=fp(smin=smin32=-16,smax=smax32=-8,umin=0xfffffffffffffff0,umax=0xfffffffffffffff8,umin32=0xfffffff0,umax32=0xfffffff8,var_off=(0xfffffffffffffff0; 0x8)) fp-8=mmmmmmmm fp-16=mmmmmmmm
6: (79) r2 = *(u64 *)(r10 -8)         ; R2=scalar() R10=fp0 fp-8=mmmmmmmm
7: (79) r0 = *(u64 *)(r2 +8)
R2 invalid mem access 'scalar'
processed 8 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0
`
	var got []string
	for _, e := range Diagnose(Case{Program: Program{Name: "p"}, Log: log}).Evidence {
		got = append(got, fmt.Sprintf("%d %s %s", e.Insn, e.Event, e.Register))
	}
	if s, want := strings.Join(got, ", "), "4 spilled fp-8, 5 made fp-8, 6 filled r2, 7  r2"; s != want {
		t.Errorf("got %s, want %s", s, want)
	}
}

// TestEvidenceIsBounded: a path that goes around a loop thousands of times is
// told by the last visit of each way.
func TestEvidenceIsBounded(t *testing.T) {
	var log strings.Builder
	log.WriteString("0: R1=ctx() R10=fp0\n0: (b7) r6 = 0                       ; R6=0\n")
	for i := range 5000 {
		fmt.Fprintf(&log, "1: (07) r6 += 1                       ; R6=%d\n2: (a5) if r6 < 0x1388 goto pc-2      ; R6=%d\n", i+1, i+1)
	}
	log.WriteString("3: (71) r0 = *(u8 *)(r6 +0)\nR6 invalid mem access 'scalar'\nprocessed 10002 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0\n")
	d := Diagnose(Case{Program: Program{Name: "p"}, Log: log.String()})
	if len(d.Evidence) < 3 || len(d.Evidence) > 6 {
		t.Errorf("%+v", d.Evidence)
	}
}
