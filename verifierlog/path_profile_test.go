package verifierlog

import (
	"io"
	"runtime"
	"strings"
	"testing"
)

// TestProfile: counts of a loop that is not left, the way that a log on a
// program that is too large looks.
func TestProfile(t *testing.T) {
	const head = "0: R1=ctx() R10=fp0\n; int i = 0; @ a.c:3\n0: (b7) r6 = 0                        ; R6_w=0\n"
	const lap = "; i++; @ a.c:5\n1: (07) r6 += 1                       ; R6_w=1\n" +
		"; } while (i < n); @ a.c:6\n2: (05) goto pc+0\n3: (bd) if r6 <= r7 goto pc-3         ; R6_w=1 R7=scalar()\n"
	log := head + strings.Repeat(lap, 500) + "BPF program is too large. Processed 1000001 insn\n" +
		"processed 1000001 insns (limit 1000000) max_states_per_insn 7 total_states 9 peak_states 9 mark_read 0\n"
	p, err := ReadProfile(strings.NewReader(log))
	if err != nil {
		t.Fatal(err)
	}
	hot, ok := p.Hot()
	if want := (LoopVisits{Head: 1, Back: 3, Passes: 499, Visits: 1500, Own: 1500}); !ok || hot != want {
		t.Errorf("the hot loop is %+v, not %+v", hot, want)
	}
	if p.Visits != 1501 || p.Stats.Insns != 1000001 || p.Stats.MaxStatesPerInsn != 7 {
		t.Errorf("%d visits, %+v", p.Visits, p.Stats)
	}
	if len(p.Sources) != 3 || p.Sources[0].Line != 6 || p.Sources[0].Visits != 1000 || p.Sources[0].Insns != 2 {
		t.Errorf("sources: %+v", p.Sources)
	}
}

// TestProfileCalls: what a loop's function does is the loop's too, and a branch
// that is taken up goes on in the call that it began in.
func TestProfileCalls(t *testing.T) {
	const lap = `1: (85) call pc+3                     ; R1=scalar()
caller:
 R10=fp0
callee:
 frame1: R1=scalar() R10=fp0
5: (15) if r1 == 0x0 goto pc+1        ; frame1: R1=scalar()
6: (b7) r0 = 0                        ; frame1: R0_w=0
7: (95) exit
returning from callee:
 frame1: R0_w=0 R1=scalar() R10=fp0
to caller at 2:
 R0_w=0 R10=fp0

2: R0_w=0
2: (15) if r0 == 0x1 goto pc-2        ; R0_w=0
3: (95) exit

from 2 to 1: R0_w=1 R10=fp0
`
	log := "0: R1=ctx() R10=fp0\n0: (b7) r6 = 0                        ; R6_w=0\n" + strings.Repeat(lap, 3) +
		"1: safe\n\nfrom 5 to 7: frame1: R1=0 R10=fp0\n7: (95) exit\n"
	p, err := ReadProfile(strings.NewReader(log))
	if err != nil {
		t.Fatal(err)
	}
	if want := (LoopVisits{Head: 1, Back: 2, Passes: 3, Visits: 17, Own: 7}); len(p.Loops) != 1 || p.Loops[0] != want {
		t.Errorf("loops: %+v, not %+v", p.Loops, want)
	}
	if want := (CallVisits{Insn: 1, Callee: 5, Calls: 3, Visits: 10}); len(p.Calls) != 1 || p.Calls[0] != want {
		t.Errorf("calls: %+v, not %+v", p.Calls, want)
	}
}

// endless is a log of a loop, as long as wanted.
type endless struct{ size int64 }

const endlessLap = "7: (07) r6 += 1                       ; R6_w=scalar()\n8: (05) goto pc-2\n"

func (e endless) ReadAt(b []byte, off int64) (int, error) {
	if off >= e.size {
		return 0, io.EOF
	}
	n := int(min(int64(len(b)), e.size-off))
	for i := range b[:n] {
		b[i] = endlessLap[(off+int64(i))%int64(len(endlessLap))]
	}
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}

// TestPathBound: a log of any length takes a bounded memory, and its end is
// not lost.
func TestPathBound(t *testing.T) {
	if testing.Short() {
		t.Skip("reads a log of a hundred megabytes")
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	laps := int64(MaxSteps)
	p, err := ReadPath(endless{laps * int64(len(endlessLap))})
	if err != nil {
		t.Fatal(err)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if used := int64(after.HeapAlloc) - int64(before.HeapAlloc); used > 48<<20 {
		t.Errorf("the path holds %d bytes", used)
	}
	if p.Len() == 0 || p.Len() > MaxSteps || !p.Truncated {
		t.Fatalf("%d steps, truncated %v", p.Len(), p.Truncated)
	}
	last := p.Step(p.Len() - 1)
	if last.Insn.Index != 8 || last.Line != int(2*laps) || last.Text != "goto pc-2" {
		t.Errorf("the last step is %+v", last)
	}
	runs := p.Folded()
	if n := len(runs); n > 3 || runs[n-1].Times < MaxSteps/4-1 && runs[0].Times < MaxSteps/4-1 {
		t.Errorf("runs: %+v", runs)
	}
	if v, ok := p.Before(p.Len()-1, Reg(0, 6)); !ok || v.Base != Scalar {
		t.Errorf("r6 is %+v", v)
	}
	runtime.KeepAlive(p)
}
