package verifierlog

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"
)

// TestPathOrder: answers do not depend on the order of the questions, however
// many states are saved.
func TestPathOrder(t *testing.T) {
	recordedLogs(t, func(program, kernel string, log []byte) {
		if kernel != "6.12" {
			return
		}
		p, err := ReadPath(bytes.NewReader(log))
		if err != nil {
			t.Fatal(err)
		}
		var forward []string
		for i := p.Begin; i <= p.Len(); i++ {
			forward = append(forward, known(p, i))
		}
		p, _ = ReadPath(bytes.NewReader(log))
		for _, i := range rand.Perm(len(forward))[:min(len(forward), 100)] {
			if got := known(p, p.Begin+i); got != forward[i] {
				t.Fatalf("%s: in front of step %d: %s\nnot %s", program, p.Begin+i, got, forward[i])
			}
		}
		if every := p.values.every; len(forward) > savedEvery*savedMax && every == savedEvery {
			t.Errorf("%s: %d states saved, every %d", program, len(p.values.saved), every)
		}
	})
}

// known is all that is known in front of a step.
func known(p *Path, i int) string {
	var out bytes.Buffer
	m := p.stateAt(i)
	if m == nil {
		return ""
	}
	m.eachCell(func(l Loc, c *cell) {
		v := c.v
		v.Other = nil
		fmt.Fprintln(&out, l, c.known, c.def, c.vid, c.lost, v)
	})
	fmt.Fprintln(&out, m.refs)
	return out.String()
}

// TestPathSaved: the saved states are those of evenly spaced steps, also when
// there are too many places in them.
func TestPathSaved(t *testing.T) {
	for _, slots := range []int{0, 64} {
		x := valueIndex{}
		x.reset()
		var m machine
		m.start(0)
		if slots > 0 {
			for range maxFrames - 1 {
				m.push(0, false)
			}
			for f := range m.frames {
				m.slot(f, -8*slots)
			}
		}
		for m.at = 1; m.at < 100_000; m.at++ {
			if m.at%x.every == 0 {
				x.save(&m)
			}
		}
		if len(x.saved) > savedMax || x.cells > savedCells+2000 || len(x.saved) < 20 {
			t.Errorf("%d slots: %d states of %d places", slots, len(x.saved), x.cells)
		}
		for k := range x.saved {
			if x.saved[k].at != (k+1)*x.every {
				t.Fatalf("%d slots: state %d is that of step %d, every %d", slots, k, x.saved[k].at, x.every)
			}
		}
	}
}

// TestPathLong: on a path whose text is longer than what is read behind the
// last step, each step has its values.
func TestPathLong(t *testing.T) {
	var log bytes.Buffer
	log.WriteString("0: R1=ctx() R10=fp0\n0: (61) r2 = *(u32 *)(r1 +0)          ; R1=ctx() R2=scalar(smin=0,smax=umax=0xffffffff,var_off=(0x0; 0xffffffff))\n")
	n := 1
	for ; log.Len() < restSize+restSize/4; n++ {
		fmt.Fprintf(&log, "%d: (bf) r3 = r2                       ; R2=scalar(id=1,smin=0,smax=umax=0xffffffff,var_off=(0x0; 0xffffffff)) R3=scalar(id=1,smin=0,smax=umax=0xffffffff,var_off=(0x0; 0xffffffff))\n", n)
	}
	check := n
	fmt.Fprintf(&log, "%d: (25) if r3 > 0x7 goto pc+5        ; R3=scalar(id=1,smin=smin32=0,smax=umax=smax32=umax32=7,var_off=(0x0; 0x7))\n", n)
	fmt.Fprintf(&log, "%d: (0f) r2 += r2\nR2 is not what it should be\n", n+1)
	p, err := ReadPath(bytes.NewReader(log.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	checks := p.Checks(p.Len()-1, Reg(0, 2))
	if len(checks) != 1 || checks[0].Step != check {
		t.Errorf("of %d steps: %+v, want the check at step %d", p.Len(), checks, check)
	}
	if n := len(p.values.saved); n != (p.Len()-1)/p.values.every {
		t.Errorf("%d states are saved, every %d steps of %d", n, p.values.every, p.Len())
	}
}
