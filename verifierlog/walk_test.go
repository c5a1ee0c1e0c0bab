package verifierlog

import (
	"bytes"
	"testing"
)

// TestWalkPath: on a log with one path, a walk knows in front of each step what the path
// knows, but for what a complete state leaves out.
func TestWalkPath(t *testing.T) {
	logs, steps, known, less := 0, 0, 0, 0
	recordedLogs(t, func(program, kernel string, log []byte) {
		p, err := ReadPath(bytes.NewReader(log))
		if err != nil {
			t.Fatal(err)
		}
		var visits []*Snapshot
		var insns []int
		Walk(bytes.NewReader(log), func(v *Visit) bool {
			if !v.Covered {
				visits, insns = append(visits, v.Known()), append(insns, v.Index)
			}
			return true
		})
		if p.Len() == 0 || p.Begin > 0 || p.Len() != len(visits) {
			return
		}
		logs++
		for i, s := range visits {
			steps++
			if insns[i] != p.Insn(i) || len(s.Frames)-1 != p.Step(i).Frame {
				t.Fatalf("%s, %s: visit %d is of instruction %d in frame %d, not %d in %d", program, kernel, i, insns[i], len(s.Frames)-1, p.Insn(i), p.Step(i).Frame)
			}
			for f, fr := range s.Frames {
				for k := range numRegs + len(fr.Slots) {
					l := Reg(f, k)
					if k >= numRegs {
						l = Slot(f, -8*(k-numRegs+1))
					}
					want, ok := p.Before(i, l)
					switch v := s.At(l); {
					case v == nil && ok:
						less++
					case v != nil && (!ok || !sameValue(v, &want)):
						t.Errorf("%s, %s: in front of %d %s is %+v, not %+v", program, kernel, insns[i], l, *v, want)
					case ok:
						known++
					}
				}
			}
		}
	})
	t.Logf("%d logs, %d steps, %d values known, %d less than on the path", logs, steps, known, less)
	if logs < 40 {
		t.Errorf("only %d logs have one path", logs)
	}
}
