package verifierlog_test

import (
	"fmt"
	"strings"

	"github.com/bpfdiag/bpfdiag/verifierlog"
)

// The compiler checked w1, and used r6: of what the check told, r6 learned
// nothing.
func ExamplePath_Checks() {
	const text = `0: R1=ctx() R6=scalar() R7=map_value(map=entries,ks=4,vs=16) R10=fp0
; if (i > 15) @ prog.c:20
0: (bc) w1 = w6                       ; R1_w=scalar(smin=0,smax=umax=0xffffffff,var_off=(0x0; 0xffffffff)) R6=scalar()
1: (26) if w1 > 0xf goto pc+3         ; R1_w=scalar(smin=smin32=0,smax=umax=smax32=umax32=15,var_off=(0x0; 0xf))
; return e->bytes[i]; @ prog.c:22
2: (0f) r7 += r6
math between map_value pointer and register with unbounded min value is not allowed
`
	p, err := verifierlog.ReadPath(strings.NewReader(text))
	if err != nil {
		panic(err)
	}
	last := p.Step(p.Len() - 1)
	for _, c := range p.Checks(last.Index, verifierlog.Reg(last.Frame, last.Src)) {
		at := p.Step(c.Step)
		fmt.Printf("line %d: %s is at most %d; %s (%s) learned something: %v\n",
			at.Source.Line, c.Loc, c.After.Bounds.Umax, c.Subject, c.Relation, c.SubjectNarrowed)
	}
	// Output:
	// line 20: r1 is at most 15; r6 (derived) learned something: false
}

// Where did a value come from, and is it still good?
func ExamplePath_Chain() {
	const text = `0: R1=ctx() R10=fp0
; void *data = (void *)(long)skb->data; @ prog.c:10
0: (bf) r7 = r1                       ; R1=ctx() R7_w=ctx()
1: (61) r6 = *(u32 *)(r1 +76)         ; R1=ctx() R6_w=pkt(r=0)
; bpf_skb_pull_data(skb, 64); @ prog.c:15
2: (b4) w2 = 64                       ; R2_w=64
3: (85) call bpf_skb_pull_data#39     ; R0_w=scalar()
; return eth->h_proto; @ prog.c:16
4: (bf) r3 = r6                       ; R3_w=scalar() R6=scalar()
5: (69) r0 = *(u16 *)(r3 +12)
R3 invalid mem access 'scalar'
`
	p, err := verifierlog.ReadPath(strings.NewReader(text))
	if err != nil {
		panic(err)
	}
	last := p.Step(p.Len() - 1)
	r3 := verifierlog.Reg(last.Frame, last.Mem.Base)
	for _, link := range p.Chain(last.Index, r3) {
		fmt.Println(link.Loc, link.Kind, link.From)
	}
	if loss, ok := p.Lost(last.Index, r3); ok {
		s := p.Step(loss.Step)
		fmt.Printf("%s was a %s until %s in line %d\n", loss.Loc, loss.Was.Base, s.Func, s.Source.Line)
	}
	// Output:
	// r3 move [r6]
	// r6 load [r1]
	// r1 entry []
	// r6 was a pkt until bpf_skb_pull_data in line 15
}
