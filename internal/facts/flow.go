package facts

import (
	"slices"

	"github.com/bpfdiag/bpfdiag/verifierlog"
)

// flow follows what the log does not show. The verifier ends a path where it has
// explored a state that covers the one it has. Numbers on which nothing depends that
// it checks may differ then:
//
//	int n = 1;
//	if (x)
//	        n = 2;
//	count += n;
//
// The second path ends at the last line, where the first one was with 1, and no state
// behind it has the 2. So at each such end the state is compared with those that were
// explored from there, and what is in it and not in the one that is most alike goes on
// from there along the code, as far as it is not written over: the path's other values
// are those of the explored one.
//
// It is a data flow analysis over the instructions that were visited, of places that
// hold something more than what the log shows. Places are those of the function that an
// instruction is in.
type flow struct {
	p     *Program
	work  []int
	in    map[int]bool // work has it
	steps int
	seeds []seed

	// exits of a function by the instruction that it begins with; see leave.
	calls map[int][]int
	// shared: more than is shown may be in a stack slot that another frame can
	// read through a pointer.
	shared bool
	// foreign are slots of callers that were written something more through a
	// pointer: the whole stack if it is not known which.
	foreign map[int]bool
}

// seed is something more at a place in front of an instruction.
type seed struct {
	insn, loc int
	v         Value
	any       bool
}

// extra is something more that a place may hold in front of an instruction.
type extra struct {
	loc     int
	set     Set
	changes int
}

// Places are numbered: registers, then stack slots from fp-8 on.
const firstSlot = 11

func slotLoc(off int64) (loc int, ok bool) {
	if off >= 0 || off < -512 {
		return 0, false
	}
	return firstSlot + int(-off-1)/8, true
}

func valueAt(f *verifierlog.FrameSnapshot, loc int) *verifierlog.Value {
	switch {
	case loc < firstSlot:
		return f.Regs[loc]
	case loc-firstSlot < len(f.Slots):
		return f.Slots[loc-firstSlot]
	}
	return nil
}

// covered notes a path that ends in front of an instruction, in state s. made is what
// the last instruction made of registers, as far as s does not tell.
func (f *flow) covered(insn int, s *verifierlog.Snapshot, made []seed) {
	q := f.p.point(insn)
	if q == nil || len(f.seeds) >= maxSeeds {
		return
	}
	var best []seed
	found := false
	for i := len(q.seen) - 1; i >= 0 && (!found || len(best) > 0); i-- {
		if diff, ok := differences(insn, s, made, q.seen[i], len(best), found); ok {
			best, found = diff, true
		}
	}
	if !found { // nothing is known of what covers it
		best, _ = differences(insn, s, made, nil, 0, false)
	}
	f.seeds = append(f.seeds, best...)
}

const maxSeeds = 1 << 18

// differences are the places whose value in s is not within that in old; ok is false if
// the states are of other frames, or if there are more than limit.
func differences(insn int, s *verifierlog.Snapshot, made []seed, old *verifierlog.Snapshot, limit int, limited bool) (out []seed, ok bool) {
	if old != nil && len(old.Frames) != len(s.Frames) {
		return nil, false
	}
	top := len(s.Frames) - 1
	for k, f := range s.Frames {
		var g *verifierlog.FrameSnapshot
		at := []int{insn}
		first := 0
		if old != nil {
			g = old.Frames[k]
		}
		if k < top {
			// What an outer frame has comes to light when the call is over. A call
			// with a callback may be made once more.
			call := s.Frames[k+1].Call
			if old != nil && old.Frames[k+1].Call != call {
				return nil, false
			}
			if call < 0 {
				continue
			}
			if at[0] = call + 1; s.Frames[k+1].Callback {
				at = append(at, call)
			}
			first = 6
		}
		for loc := first; loc < firstSlot+max(len(f.Slots), slots(g)); loc++ {
			if loc == 10 {
				continue
			}
			now, then := valueAt(f, loc), (*verifierlog.Value)(nil)
			if g != nil {
				if then = valueAt(g, loc); now == then {
					continue
				}
			}
			e := seed{loc: loc}
			var isNow bool
			if e.v, isNow = valueOf(now); k == top {
				for _, m := range made {
					if m.loc == loc {
						e, isNow = m, !m.any
					}
				}
			}
			e.any = !isNow
			if v, is := valueOf(then); g != nil && (!is || isNow && v.covers(&e.v)) {
				continue // if it is not known there, nothing is said of it anyway
			}
			for _, e.insn = range at {
				out = append(out, e)
			}
			if limited && len(out) >= limit {
				return nil, false
			}
		}
	}
	return out, true
}

func slots(f *verifierlog.FrameSnapshot) int {
	if f == nil {
		return 0
	}
	return len(f.Slots)
}

// maxSteps bounds the work; what is beyond is not known.
const maxSteps = 4 << 20

// run follows everything to its end and says whether it came there.
func (f *flow) run() bool {
	f.in, f.calls, f.foreign = map[int]bool{}, map[int][]int{}, map[int]bool{}
	for i := range f.p.points {
		if in := &f.p.points[i].insn; f.p.points[i].visits > 0 && in.Op == verifierlog.OpCall && in.Call == verifierlog.CallSubprog && in.Target >= 0 {
			f.calls[in.Target] = append(f.calls[in.Target], i)
		}
	}
	for _, s := range f.seeds {
		set := Set{Values: []Value{s.v}}
		if s.any {
			set = Set{Any: true}
		}
		f.join(s.insn, s.loc, &set)
	}
	f.seeds = nil
	for len(f.work) > 0 {
		if f.steps++; f.steps > maxSteps {
			return false
		}
		i := f.work[len(f.work)-1]
		f.work = f.work[:len(f.work)-1]
		f.in[i] = false
		f.step(i)
	}
	return true
}

// join adds to what a place may hold in front of an instruction.
func (f *flow) join(insn, loc int, set *Set) {
	q := f.p.visited(insn)
	if q == nil || set.Empty() {
		return
	}
	e := q.extra(loc)
	if e == nil {
		q.more = append(q.more, extra{loc: loc})
		e = &q.more[len(q.more)-1]
	}
	if !e.set.addSet(set) {
		return
	}
	if e.changes++; e.changes > maxChanges {
		e.set.widen()
	}
	f.again(insn)
}

// maxChanges is after how many changes a range is widened.
const maxChanges = 12

func (f *flow) again(insn int) {
	if !f.in[insn] {
		f.in[insn] = true
		f.work = append(f.work, insn)
	}
}

// visited is the point of an instruction that was visited, nil of another.
func (p *Program) visited(insn int) *point {
	if insn < 0 || insn >= len(p.points) || p.points[insn].visits == 0 {
		return nil
	}
	return &p.points[insn]
}

// extra is what more a place may hold, nil if nothing.
func (q *point) extra(loc int) *extra {
	for i := range q.more {
		if q.more[i].loc == loc {
			return &q.more[i]
		}
	}
	return nil
}

// at is all that a place may hold in front of the instruction.
func (q *point) at(loc int) Set {
	var s Set
	switch {
	case loc < 10:
		s = q.regs[loc].get()
	case loc == 10:
		return Set{Values: []Value{{Kind: Kind{Base: verifierlog.FramePtr, Frame: -1}}}}
	case loc-firstSlot < len(q.slots):
		s = q.slots[loc-firstSlot].get()
	default:
		return Set{Any: true}
	}
	if e := q.extra(loc); e != nil {
		s.Values = slices.Clone(s.Values)
		s.addSet(&e.set)
	}
	return s
}

// widen makes numbers that keep changing any number, so that there is an end.
func (s *Set) widen() {
	for i := range s.Values {
		v := &s.Values[i]
		switch v.Base {
		case verifierlog.Scalar:
			v.Bounds = widened(v.Bounds)
		case verifierlog.StackBytes:
		default:
			s.any()
			return
		}
	}
	values := s.Values
	s.Values = nil
	for _, v := range values {
		s.add(v)
	}
}

// widened is the range of the next larger integer type.
func widened(b verifierlog.Bounds) verifierlog.Bounds {
	for _, n := range []int{8, 16, 31, 32, 63} {
		if wide := below(n); coversBounds(&wide, &b) && wide.Umax != b.Umax {
			return wide
		}
	}
	return anyNumber
}
