package facts

import "github.com/bpfdiag/bpfdiag/verifierlog"

// step takes what more there is in front of instruction i over it.
func (f *flow) step(i int) {
	q := f.p.visited(i)
	if q == nil {
		return
	}
	in := &q.insn
	next := i + 1
	if in.Op == verifierlog.OpLoadImm {
		next++
	}
	switch in.Op {
	case verifierlog.OpJump:
		f.jump(q, next)
		return
	case verifierlog.OpGoto:
		f.pass(q, in.Target, -1)
		return
	case verifierlog.OpMayGoto:
		f.pass(q, next, -1)
		f.pass(q, in.Target, -1)
		return
	case verifierlog.OpExit:
		f.leave(q, i)
		return
	case verifierlog.OpCall, verifierlog.OpLoadAbs, verifierlog.OpLoadInd:
		f.call(q, next)
		return
	case verifierlog.OpGotoX:
		for _, t := range q.to {
			f.pass(q, t, -1)
		}
		return
	case verifierlog.OpStore:
		f.store(q, next)
		return
	}
	dst := q.result()
	if dst < 0 {
		if in.Op == verifierlog.OpAtomic {
			f.store(q, next)
			return
		}
		f.pass(q, next, -1)
		return
	}
	set, more := f.result(q)
	if in.Op == verifierlog.OpAtomic {
		f.store(q, next)
	} else {
		f.pass(q, next, dst)
	}
	if more {
		f.join(next, dst, &set)
		q.afterMore.addSet(&set)
	}
}

// pass hands on all places but one.
func (f *flow) pass(q *point, to, but int) {
	for k := range q.more {
		if e := &q.more[k]; e.loc != but {
			f.join(to, e.loc, &e.set)
		}
	}
}

// operand is a register's set, and whether it is more than the log shows.
func (q *point) operand(reg int) (Set, bool) {
	if reg < 0 || reg > 10 {
		return Set{}, false
	}
	return q.at(reg), q.extra(reg) != nil
}

// result is what an instruction may leave in its destination because of what its operands
// may be beside what the log shows; more is false if they are no more.
func (f *flow) result(q *point) (out Set, more bool) {
	in := &q.insn
	dst, dstMore := q.operand(in.Dst)
	src, srcMore := q.operand(in.Src)
	switch in.Op {
	case verifierlog.OpMov:
		if in.HasImm || !srcMore {
			return out, false
		}
		if in.Wide && in.SignExtend == 0 {
			return src, true
		}
		return unary(&src, func(b verifierlog.Bounds) verifierlog.Bounds {
			switch {
			case in.SignExtend > 0:
				return signExtended(b, in.SignExtend, in.Wide)
			}
			return low32(b)
		}), true
	case verifierlog.OpALU:
		if in.HasImm {
			if !dstMore {
				return out, false
			}
			k := exactly(in.Imm)
			return unary(&dst, func(b verifierlog.Bounds) verifierlog.Bounds { return arithmetic(in.Operator, b, k, in.Wide) }), true
		}
		if !dstMore && !srcMore {
			return out, false
		}
		k, ok := src.number()
		if !ok {
			return Set{Any: true}, true
		}
		return unary(&dst, func(b verifierlog.Bounds) verifierlog.Bounds { return arithmetic(in.Operator, b, k, in.Wide) }), true
	case verifierlog.OpLoad:
		return f.load(q)
	case verifierlog.OpLoadImm:
		return out, false
	}
	if dstMore || srcMore {
		return Set{Any: true}, true
	}
	return out, false
}

// unary computes on each number of a set; what is no number becomes anything.
func unary(s *Set, f func(verifierlog.Bounds) verifierlog.Bounds) (out Set) {
	if s.Any {
		// It may be a pointer as well.
		return Set{Any: true}
	}
	for i := range s.Values {
		v := s.Values[i]
		if v.Base != verifierlog.Scalar || v.Bytes != "" {
			return Set{Any: true}
		}
		v.Bounds = f(v.Bounds)
		out.add(v)
	}
	return out
}

func signExtended(b verifierlog.Bounds, n int, wide bool) verifierlog.Bounds {
	r := anyNumber
	lim := int64(1) << (n - 1)
	r.Smin, r.Smax = -lim, lim-1
	if b.Smin >= -lim && b.Smax < lim {
		r.Smin, r.Smax = b.Smin, b.Smax
	}
	if r = tight(r); !wide {
		return low32(r)
	}
	return r
}

// load is what may be loaded, more than the log shows: of stack slots that may hold more,
// or through a pointer that may be another one.
func (f *flow) load(q *point) (out Set, more bool) {
	in := &q.insn
	base, baseMore := q.operand(in.Mem.Base)
	if baseMore {
		return Set{Any: true}, true
	}
	if base.Any {
		return out, false // so the log has nothing of it either
	}
	for i := range base.Values {
		v := &base.Values[i]
		if v.Base != verifierlog.FramePtr {
			continue
		}
		if v.Frame >= 0 && f.shared {
			return Set{Any: true}, true
		}
		low, high := v.Low+int64(in.Mem.Offset), v.High+int64(in.Mem.Offset)+int64(in.Mem.Size)-1
		for k := range q.more {
			e := &q.more[k]
			if e.loc < firstSlot || !overlaps(e.loc, low, high) {
				continue
			}
			if low%8 == 0 && high == low+7 && in.SignExtend == 0 {
				out.addSet(loaded(&e.set))
			} else {
				out.any()
			}
			more = true
		}
	}
	return out, more
}

// loaded is what a load of eight bytes makes of a slot.
func loaded(s *Set) *Set {
	var out Set
	if s.Any {
		out.any()
	}
	for _, v := range s.Values {
		if v.Base == verifierlog.StackBytes || v.Bytes != "" {
			out.any()
			break
		}
		out.add(v)
	}
	return &out
}

// overlaps says whether a slot has bytes of [low, high], relative to the frame pointer.
func overlaps(loc int, low, high int64) bool {
	from := -8 * int64(loc-firstSlot+1)
	return from <= high && low <= from+7
}

// store takes what more there is over a store.
func (f *flow) store(q *point, next int) {
	in := &q.insn
	src, srcMore := q.operand(in.Src)
	if in.HasImm {
		srcMore = false
	}
	if in.Op == verifierlog.OpAtomic {
		src, srcMore = Set{Any: true}, srcMore || q.extra(0) != nil
	}
	base, baseMore := q.operand(in.Mem.Base)
	but := map[int]bool{}
	if !base.Any && !baseMore {
		for i := range base.Values {
			v := &base.Values[i]
			if v.Base != verifierlog.FramePtr {
				continue
			}
			low, high := v.Low+int64(in.Mem.Offset), v.High+int64(in.Mem.Offset)+int64(in.Mem.Size)-1
			if v.Frame >= 0 {
				if srcMore {
					f.writeForeign(low, high)
				}
				continue
			}
			exact := low%8 == 0 && high == low+7 && len(base.Values) == 1
			for off := max(low, -512) &^ 7; off <= min(high, -1); off += 8 {
				loc, ok := slotLoc(off)
				switch {
				case !ok:
				case exact && srcMore:
					but[loc] = true
					f.join(next, loc, &src)
				case exact:
					but[loc] = true
				case srcMore || q.extra(loc) != nil:
					f.join(next, loc, &Set{Any: true})
				}
			}
		}
	} else if srcMore || baseMore {
		// Anywhere: also to the stack, if it is a pointer to it.
		for k := range q.slots {
			f.join(next, firstSlot+k, &Set{Any: true})
		}
		f.writeForeign(-512, -1)
	}
	dst := -1
	if in.Op == verifierlog.OpAtomic {
		dst = q.result()
	}
	for k := range q.more {
		if e := &q.more[k]; !but[e.loc] && e.loc != dst {
			f.join(next, e.loc, &e.set)
		}
	}
}

// writeForeign notes that a callee writes something more to a caller's stack: behind
// every call that was followed the slots may hold anything.
func (f *flow) writeForeign(low, high int64) {
	for off := max(low, -512) &^ 7; off <= min(high, -1); off += 8 {
		loc, ok := slotLoc(off)
		if !ok || f.foreign[loc] {
			continue
		}
		f.foreign[loc] = true
		for i := range f.p.points {
			if q := &f.p.points[i]; q.visits > 0 && q.insn.Op == verifierlog.OpCall && f.p.visited(i+1) != nil {
				f.join(i+1, loc, &Set{Any: true})
			}
		}
	}
}

// jump takes what more there is to both sides of a condition, which narrows it.
func (f *flow) jump(q *point, next int) {
	in := &q.insn
	for _, taken := range []bool{false, true} {
		to, op := next, opposite[in.Operator]
		if taken {
			to, op = in.Target, in.Operator
		}
		if f.p.visited(to) == nil {
			continue
		}
		for k := range q.more {
			e := &q.more[k]
			set := e.set
			switch e.loc {
			case in.Dst:
				other := Set{Values: []Value{number(exactly(in.Imm))}}
				if !in.HasImm {
					other, _ = q.operand(in.Src)
				}
				set = narrowed(&set, op, &other, in.Wide)
			case in.Src:
				other, _ := q.operand(in.Dst)
				set = narrowed(&set, mirrored[op], &other, in.Wide)
			}
			f.join(to, e.loc, &set)
		}
		if in.HasImm {
			continue
		}
		// What the one side may be more, the other is narrowed less by.
		for _, side := range [2]struct {
			loc, other int
			op         string
		}{{in.Dst, in.Src, op}, {in.Src, in.Dst, mirrored[op]}} {
			if other, more := q.operand(side.other); more && side.loc < 10 {
				set := q.at(side.loc)
				set = narrowed(&set, side.op, &other, in.Wide)
				f.join(to, side.loc, &set)
				for _, l := range q.linked {
					if l[0] == side.loc {
						set := q.at(l[1])
						f.join(to, l[1], &set)
					}
				}
			}
		}
	}
}

func number(b verifierlog.Bounds) Value {
	return Value{Kind: Kind{Base: verifierlog.Scalar, Frame: -1}, Bounds: b}
}

// narrowed is what is left of a set where its numbers <op> other holds.
func narrowed(s *Set, op string, other *Set, wide bool) Set {
	b, ok := other.number()
	if !ok || s.Any || op == "" {
		return *s
	}
	var out Set
	for i := range s.Values {
		v := s.Values[i]
		if v.Base == verifierlog.Scalar && v.Bytes == "" {
			if v.Bounds, ok = narrow(op, v.Bounds, b, wide); !ok {
				continue
			}
		}
		out.add(v)
	}
	return out
}

// call takes what more there is over a call, and into a function of the program.
func (f *flow) call(q *point, next int) {
	in := &q.insn
	for k := range q.more {
		e := &q.more[k]
		switch {
		case e.loc >= 6:
			f.join(next, e.loc, &e.set)
			if e.loc >= firstSlot {
				f.share()
			}
		case e.loc >= 1 && in.Call == verifierlog.CallSubprog && in.Target >= 0:
			f.join(in.Target, e.loc, inCallee(&e.set))
		}
	}
}

// inCallee is what an argument is in the function that is called: pointers to the stack
// are those of another frame there.
func inCallee(s *Set) *Set {
	for i := range s.Values {
		if s.Values[i].Base == verifierlog.FramePtr {
			return &Set{Any: true}
		}
	}
	return s
}

// share notes that slots that others may read hold more than the log shows.
func (f *flow) share() {
	if f.shared {
		return
	}
	f.shared = true
	for i := range f.p.points {
		if q := &f.p.points[i]; q.visits > 0 && q.insn.Op == verifierlog.OpLoad {
			f.again(i)
		}
	}
}

// leave takes what a function may return more to where it was called.
func (f *flow) leave(q *point, i int) {
	e := q.extra(0)
	if e == nil {
		return
	}
	set := inCallee(&e.set)
	// The function is that with the last entry in front of the exit. Functions may
	// be laid out with their exits anywhere in them, but not in one another.
	entry := -1
	for t := range f.calls {
		if t <= i && t > entry {
			entry = t
		}
	}
	if entry < 0 {
		return
	}
	for _, c := range f.calls[entry] {
		f.join(c+1, 0, set)
		if q := f.p.visited(c); q != nil {
			q.afterMore.addSet(set)
		}
	}
}
