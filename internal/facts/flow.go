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
// behind it has the 2. So at each such end the state is compared with all that were
// explored from there, since the log does not say which one covers it, and what is in it
// and not in each of them goes on from there along the code, as far as it is not written
// over: the path's other values are those of the explored one.
//
// It is a data flow analysis over the instructions that were visited, of places that
// hold something more than what the log shows. Places are those of the function that an
// instruction is in.
type flow struct {
	p     *Program
	work  []int
	in    map[int]bool // work has it
	steps int
	seeds map[[2]int]*Set // by instruction and place

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
	if q == nil {
		return
	}
	var olds []*verifierlog.Snapshot
	split := map[[2]int]bool{} // places whose links to others one of them has and s has not
	for i := range q.seen {
		old := &q.seen[i]
		if !sameCalls(s, old.Snapshot) {
			continue
		}
		olds = append(olds, old.Snapshot)
		for _, l := range old.links() {
			a, b := placed(s, l[0]), placed(s, l[1])
			if a == nil || b == nil || a.ID == 0 || a.ID != b.ID {
				split[l[0]], split[l[1]] = true, true
			}
		}
	}
	unknown := len(olds) == 0 || q.forgotten
	top := len(s.Frames) - 1
	for k, now := range s.Frames {
		at := []int{insn}
		first := 0
		if k < top {
			// What an outer frame has comes to light when the call is over. A call
			// with a callback may be made once more.
			call := s.Frames[k+1].Call
			if call < 0 {
				continue
			}
			if at[0] = call + 1; s.Frames[k+1].Callback {
				at = append(at, call)
			}
			first = 6
		}
		most := len(now.Slots)
		for _, old := range olds {
			most = max(most, len(old.Frames[k].Slots))
		}
		for loc := first; loc < firstSlot+most; loc++ {
			if loc == 10 {
				continue
			}
			e := seed{loc: loc}
			v := valueAt(now, loc)
			var is bool
			if e.v, is = valueOf(v); k == top {
				for _, m := range made {
					if m.loc == loc {
						e, is, v = m, !m.any, nil
						split[[2]int{k, loc}] = true
					}
				}
			}
			if e.any = !is; !unknown && !split[[2]int{k, loc}] && !slices.ContainsFunc(olds, func(old *verifierlog.Snapshot) bool {
				then := valueAt(old.Frames[k], loc)
				return (v == nil || v != then) && e.beyond(then)
			}) {
				continue
			}
			for _, e.insn = range at {
				f.seed(e)
			}
		}
	}
}

// beyond says whether a path that ends here may hold what one that went on from here,
// with then in the same place, did not.
func (e *seed) beyond(then *verifierlog.Value) bool {
	v, is := valueOf(then)
	return is && (e.any || !v.covers(&e.v)) // if it is not known there, nothing is said of it anyway
}

// state is one that was explored from an instruction.
type state struct {
	*verifierlog.Snapshot
	pairs  [][2][2]int
	linked bool // pairs are known
}

// links are pairs of places, by frame, that are known to hold one number: what a comparison
// finds out of the one, the verifier knows of the other (sync_linked_regs).
func (s *state) links() [][2][2]int {
	if s.linked {
		return s.pairs
	}
	s.linked = true
	first := map[int][2]int{}
	for k, f := range s.Frames {
		for loc := range firstSlot + len(f.Slots) {
			v := valueAt(f, loc)
			if v == nil || v.Base != verifierlog.Scalar || v.ID == 0 {
				continue
			}
			if at, ok := first[v.ID]; ok {
				s.pairs = append(s.pairs, [2][2]int{at, {k, loc}})
			} else {
				first[v.ID] = [2]int{k, loc}
			}
		}
	}
	return s.pairs
}

func placed(s *verifierlog.Snapshot, at [2]int) *verifierlog.Value {
	return valueAt(s.Frames[at[0]], at[1])
}

// sameCalls says whether two states are of the same functions, called at the same places:
// others are not compared (states_equal).
func sameCalls(a, b *verifierlog.Snapshot) bool {
	if len(a.Frames) != len(b.Frames) {
		return false
	}
	for k := 1; k < len(a.Frames); k++ {
		if a.Frames[k].Call != b.Frames[k].Call {
			return false
		}
	}
	return true
}

// seed notes something more.
func (f *flow) seed(e seed) {
	if f.seeds == nil {
		f.seeds = map[[2]int]*Set{}
	}
	set := f.seeds[[2]int{e.insn, e.loc}]
	if set == nil {
		set = new(Set)
		f.seeds[[2]int{e.insn, e.loc}] = set
	}
	if e.any {
		set.any()
	} else {
		set.add(e.v)
	}
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
	for at, set := range f.seeds {
		f.join(at[0], at[1], set)
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
