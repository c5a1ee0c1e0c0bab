package debuginfo

import (
	"github.com/bpfdiag/bpfdiag/internal/object"
)

// flow is the result of one forward pass over a function: which values its
// registers and stack slots hold. It follows moves, spills, fills and
// arithmetic; where paths that bring different values meet, a new value begins,
// as in static single assignment form. Everything in it is certain.
type flow struct {
	fn     *object.Function
	values *values
	blocks []block
	owner  []int32 // the block of each instruction
	relocs map[int]int
	taken  []extent // parts of the stack whose address is taken
}

// block is a straight run of instructions.
type block struct {
	from, to int
	next     []int32
	prev     []int32
	entry    state
	reached  bool
}

// state is what the registers and slots hold.
type state struct {
	regs  [11]vn
	slots []slot // by offset, not overlapping
}

type slot struct {
	off, size int32
	v         vn
}

// extent is a part of the stack, from r10 + from to r10 + to.
type extent struct{ from, to int32 }

// Bounds of the pass: a function that needs more has no derived names.
const (
	maxTransfers = 4 << 20 // instructions, counted once for each visit
	maxRounds    = 64
)

// newFlow runs the pass; nil when it takes too long. taken lists the parts of
// the stack that others than r10-relative stores may change.
func newFlow(fn *object.Function, taken []extent) *flow {
	f := &flow{fn: fn, values: newValues(), relocs: map[int]int{}, taken: taken}
	for i, r := range fn.Relocs {
		f.relocs[r.Insn] = i
	}
	f.cut()
	if len(f.blocks) == 0 {
		return nil
	}
	entry := &f.blocks[0]
	entry.reached = true
	for r := range entry.entry.regs {
		switch {
		case r >= 1 && r <= 5:
			entry.entry.regs[r] = f.values.number(value{op: opParam, k: int64(r)})
		case r == framePointer:
			entry.entry.regs[r] = f.values.number(value{op: opFrame})
		default:
			entry.entry.regs[r] = f.values.number(value{op: opUnknown, at: -1, k: int64(r)})
		}
	}
	outs := make([]*state, len(f.blocks))
	transfers := 0
	dirty := make([]bool, len(f.blocks))
	dirty[0] = true
	for changed, round := true, 0; changed; round++ {
		changed = false
		for b := range f.blocks {
			bl := &f.blocks[b]
			if !dirty[b] {
				continue
			}
			dirty[b] = false
			if b > 0 || len(bl.prev) > 0 {
				f.merge(int32(b), outs)
			}
			s := bl.entry.clone()
			for i := bl.from; i < bl.to; i++ {
				f.step(i, &s)
			}
			if transfers += bl.to - bl.from; transfers > maxTransfers || round > maxRounds {
				return nil
			}
			if outs[b] != nil && outs[b].equal(&s) {
				continue
			}
			outs[b] = &s
			for _, n := range bl.next {
				f.blocks[n].reached = true
				if dirty[n] = true; n <= int32(b) {
					changed = true
				}
			}
		}
	}
	return f
}

func (s *state) clone() state {
	return state{s.regs, append([]slot(nil), s.slots...)}
}

func (s *state) equal(t *state) bool {
	if s.regs != t.regs || len(s.slots) != len(t.slots) {
		return false
	}
	for i := range s.slots {
		if s.slots[i] != t.slots[i] {
			return false
		}
	}
	return true
}

// merge makes a block's entry state of what its predecessors end with. A
// location in which they once differed stays the block's own value, so that
// the rounds come to an end.
func (f *flow) merge(b int32, outs []*state) {
	bl := &f.blocks[b]
	var in []*state
	if b == 0 {
		in = append(in, &bl.entry)
	}
	for _, p := range bl.prev {
		if outs[p] != nil {
			in = append(in, outs[p])
		}
	}
	if len(in) == 0 {
		return
	}
	first := in[0].clone()
	for r := range first.regs {
		for _, o := range in[1:] {
			if o.regs[r] != first.regs[r] {
				first.regs[r] = f.values.number(value{op: opPhi, at: b, k: int64(r)})
				break
			}
		}
	}
	// A slot that not all bring is unknown; a spilled loop variable is a value of its own.
	kept := first.slots[:0]
	for _, sl := range first.slots {
		ok := true
		for _, o := range in[1:] {
			got := o.slot(sl.off, sl.size)
			if got == noValue {
				ok = false
				break
			}
			if got != sl.v {
				sl.v = f.values.number(value{op: opPhi, at: b, k: int64(sl.off)<<8 | int64(sl.size)})
			}
		}
		if ok {
			kept = append(kept, sl)
		}
	}
	first.slots = kept
	if bl.entry.regs[framePointer] != noValue {
		for r := range first.regs {
			if v := f.values.of(bl.entry.regs[r]); v.op == opPhi && v.at == b {
				first.regs[r] = bl.entry.regs[r]
			}
		}
		for i, sl := range first.slots {
			if old := bl.entry.slot(sl.off, sl.size); old != noValue {
				if v := f.values.of(old); v.op == opPhi && v.at == b {
					first.slots[i].v = old
				}
			}
		}
	}
	bl.entry = first
}

// slot returns what the slot of exactly that place holds.
func (s *state) slot(off, size int32) vn {
	for _, sl := range s.slots {
		if sl.off == off && sl.size == size {
			return sl.v
		}
	}
	return noValue
}

// touches says whether a slot has bytes of a part of the stack.
func (s *state) touches(e extent) bool {
	for _, sl := range s.slots {
		if sl.off < e.to && sl.off+sl.size > e.from {
			return true
		}
	}
	return false
}

// kill forgets the slots that touch a part of the stack.
func (s *state) kill(e extent) {
	if !s.touches(e) {
		return
	}
	kept := s.slots[:0]
	for _, sl := range s.slots {
		if sl.off+sl.size <= e.from || sl.off >= e.to {
			kept = append(kept, sl)
		}
	}
	s.slots = kept
}

// store puts a value into a slot.
func (s *state) store(off, size int32, v vn) {
	s.kill(extent{off, off + size})
	i := 0
	for i < len(s.slots) && s.slots[i].off < off {
		i++
	}
	s.slots = append(s.slots, slot{})
	copy(s.slots[i+1:], s.slots[i:])
	s.slots[i] = slot{off, size, v}
}

// before returns the state when instruction i begins, nil if it is not reached.
func (f *flow) before(i int) *state {
	if i < 0 || i >= len(f.owner) {
		return nil
	}
	b := &f.blocks[f.owner[i]]
	if !b.reached {
		return nil
	}
	s := b.entry.clone()
	for j := b.from; j < i; j++ {
		f.step(j, &s)
	}
	return &s
}

// cut divides the function into blocks.
func (f *flow) cut() {
	insns := f.fn.Insns
	n := len(insns)
	leader := make([]bool, n+1)
	leader[0] = true
	mark := func(i int) {
		if i >= 0 && i < n {
			leader[i] = true
		}
	}
	for i := 0; i < n; i++ {
		if t, falls, jumps := successors(insns, i); jumps || !falls {
			if jumps {
				mark(t)
			}
			mark(i + 1)
		}
		if insns[i].Code == object.CodeLdImm {
			i++
		}
	}
	f.owner = make([]int32, n)
	for i := 0; i < n; {
		j := i + 1
		for j < n && !leader[j] {
			j++
		}
		for k := i; k < j; k++ {
			f.owner[k] = int32(len(f.blocks))
		}
		f.blocks = append(f.blocks, block{from: i, to: j})
		i = j
	}
	for b := range f.blocks {
		last := f.blocks[b].to - 1
		if last > f.blocks[b].from && insns[last-1].Code == object.CodeLdImm {
			last-- // its second half may look like anything
		}
		t, falls, jumps := successors(insns, last)
		if falls && f.blocks[b].to < n {
			f.link(b, f.blocks[b].to)
		}
		if jumps && t >= 0 && t < n {
			f.link(b, t)
		}
	}
}

func (f *flow) link(b, to int) {
	t := f.owner[to]
	f.blocks[b].next = append(f.blocks[b].next, t)
	f.blocks[t].prev = append(f.blocks[t].prev, int32(b))
}

// successors says where control goes after instruction i. Where an indirect
// jump goes is not known: what only it reaches has no values.
func successors(insns []object.Insn, i int) (target int, falls, jumps bool) {
	in := insns[i]
	class := in.Code & 7
	if class != classJMP && class != classJMP32 {
		return 0, true, false
	}
	switch in.Code & 0xf0 {
	case 0x80: // call
		return 0, true, false
	case 0x90: // exit
		return 0, false, false
	case 0x00: // BPF_JA
		switch {
		case in.Code&8 != 0:
			return 0, false, false
		case class == classJMP32:
			return i + 1 + int(in.Imm), false, true
		}
		return i + 1 + int(in.Off), false, true
	}
	return i + 1 + int(in.Off), true, true
}
