package verifierlog

// successor is where an instruction can lead.
type successor struct {
	any  bool // anywhere, or it is not known
	a, b int  // -1 without
	call int  // frame of the instruction if it is a call that a callback may follow, -1
}

func (s *successor) has(insn, frame int) bool {
	return s.any || insn == s.a || insn == s.b || s.call >= 0 && frame == s.call+1
}

func successors(n *Node, frame int) successor {
	s := successor{a: n.Insn + 1, b: -1, call: -1}
	switch n.Opcode & 7 {
	case 5, 6: // BPF_JMP, BPF_JMP32
		switch in := n.Decode(); in.Op {
		case OpGoto:
			s.a = in.Target
		case OpJump, OpMayGoto:
			s.b = in.Target
		case OpCall:
			s.call = frame
			if in.Call == CallSubprog {
				s.any = in.Target < 0
				s.b, s.call = in.Target, -1
			}
		case OpExit:
			s.a = -1
		default:
			s.any = true
		}
	case 0:
		if n.Opcode == 0x18 { // two slots
			s.a = n.Insn + 2
		}
	}
	return s
}

// waitingReach is how far back a second candidate is looked for.
const waitingReach = 4096

// waiting finds the step at which the branch that n takes up was pushed: the
// last visit of its origin from which that branch was not taken up yet. -1 if
// there is none.
func (b *pathBuilder) waiting(n *Node) int {
	recs := b.p.recs
	first := -1
	for i := len(recs) - 1; i >= 0; i-- {
		rec := &recs[i]
		if first >= 0 && first-i > waitingReach {
			break
		}
		if int(rec.insn) != n.From || !mayWait(rec, recs[i+1:], n.Insn) {
			continue
		}
		if first < 0 {
			first = i
			if !isJump(rec.opcode) || n.Speculative {
				return i
			}
			continue
		}
		// Two visits: if the verifier knew at the later one where the jump
		// goes (is_branch_taken), it pushed nothing there.
		if !b.look.decided(b.p, first) {
			return first
		}
		first = i
	}
	return first
}

// mayWait says whether rec, with the steps after it, can have pushed a branch
// to insn that was not taken up yet.
func mayWait(rec *record, after []record, insn int) bool {
	const gotox = 0x0d
	switch {
	case rec.flags&recResumed != 0 && rec.opcode != gotox:
		return false
	case rec.opcode == codeExit || rec.flags&recOneWay != 0:
		return false
	case isJump(rec.opcode) && len(after) > 0:
		return int(after[0].insn) != insn || rec.flags&recNowhere != 0
	}
	return true
}

// predictor finds out whether a conditional jump had one way only.
type predictor struct {
	sc    *Scanner
	state State
}

// lookBack is how many steps back a predictor looks for a value.
const lookBack = 64

// decided says whether the verifier knew where the jump at step i goes. It
// says false when the log does not tell.
func (d *predictor) decided(p *Path, i int) bool {
	if d.sc == nil {
		d.sc = NewScanner(nil)
	}
	in := decode(int(p.recs[i].insn), p.recs[i].opcode, append([]byte(nil), p.text(i)...))
	if in.Op != OpJump {
		return false
	}
	dst, ok := d.before(p, i, in.Dst)
	if !ok {
		return false
	}
	src := constant(in.Imm)
	if !in.HasImm {
		if src, ok = d.before(p, i, in.Src); !ok {
			return false
		}
	}
	return branchTaken(&dst, &src, in.Operator, in.Wide) >= 0
}

func (d *predictor) before(p *Path, i, reg int) (Value, bool) {
	for k := i - 1; k >= max(0, i-lookBack); k-- {
		if p.recs[k].frame > p.recs[i].frame {
			continue
		}
		var v Value
		found := false
		p.printed(d.sc, k, func(n *Node) {
			if n.State(&d.state); d.state.Frame == int(p.recs[i].frame) {
				if r := d.state.Reg(reg); r != nil {
					v, found = *r, true
				}
			}
		})
		if found {
			return v, true
		}
		if p.recs[k].frame < p.recs[i].frame { // the frame began here
			break
		}
	}
	return Value{}, false
}

func constant(n int64) Value {
	return Value{Reg: -1, Base: Scalar, Const: true, Number: n, Bounds: exactly(n), FrameNo: -1}
}

// branchTaken mirrors is_branch_taken of kernel/bpf/verifier.c: 1 if a jump is
// always taken, 0 if never, -1 if it depends.
func branchTaken(a, b *Value, operator string, wide bool) int {
	if a.Base != Scalar || b.Base != Scalar {
		zero := b.Base == Scalar && b.Const && b.Number == 0
		if a.Base != NotInit && a.Base != Scalar && a.Flags&(MaybeNull|Untrusted) == 0 && a.Base != BTFPtr && zero && wide {
			switch operator {
			case "==":
				return 0
			case "!=":
				return 1
			}
		}
		return -1
	}
	au, al := uint64(a.Bounds.Umax), uint64(a.Bounds.Umin)
	bu, bl := uint64(b.Bounds.Umax), uint64(b.Bounds.Umin)
	as, aS := a.Bounds.Smin, a.Bounds.Smax
	bs, bS := b.Bounds.Smin, b.Bounds.Smax
	amask, bmask := a.Bounds.Mask, b.Bounds.Mask
	if !wide {
		au, al = uint64(a.Bounds.Umax32), uint64(a.Bounds.Umin32)
		bu, bl = uint64(b.Bounds.Umax32), uint64(b.Bounds.Umin32)
		as, aS = int64(a.Bounds.Smin32), int64(a.Bounds.Smax32)
		bs, bS = int64(b.Bounds.Smin32), int64(b.Bounds.Smax32)
		amask, bmask = amask&0xffffffff, bmask&0xffffffff
	}
	known := func(always, never bool) int {
		switch {
		case always:
			return 1
		case never:
			return 0
		}
		return -1
	}
	disjoint := au < bl || al > bu || aS < bs || as > bS ||
		(a.Bounds.Value^b.Bounds.Value)&^(amask|bmask)&widthMask(wide) != 0
	same := al == au && bl == bu && al == bl
	switch operator {
	case "==":
		return known(same, disjoint)
	case "!=":
		return known(disjoint, same)
	case ">":
		return known(al > bu, au <= bl)
	case ">=":
		return known(al >= bu, au < bl)
	case "<":
		return known(au < bl, al >= bu)
	case "<=":
		return known(au <= bl, al > bu)
	case "s>":
		return known(as > bS, aS <= bs)
	case "s>=":
		return known(as >= bS, aS < bs)
	case "s<":
		return known(aS < bs, as >= bS)
	case "s<=":
		return known(aS <= bs, as > bS)
	case "&":
		if bmask == 0 {
			v := b.Bounds.Value & widthMask(wide)
			return known(a.Bounds.Value&v&^amask != 0, (a.Bounds.Value|amask)&v == 0)
		}
	}
	return -1
}

func widthMask(wide bool) uint64 {
	if wide {
		return 1<<64 - 1
	}
	return 1<<32 - 1
}
