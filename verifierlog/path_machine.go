package verifierlog

// cell is what a place holds.
type cell struct {
	v      Value
	known  bool   // v is printed, or follows from what is
	vid    vid    // which value it is
	def    int32  // step that wrote the place, noStep before the path's begin
	lost   int32  // step that made the value unusable, noStep if none did
	seen   int32  // last step that printed it
	slice  vid    // of a slice of a dynptr: the dynptr
	maybe  int32  // step that may have made the value unusable, noStep if none
	shared *Value // in a snapshot, the last time; nil if none
}

const noStep = -1

// vid numbers values. Copies of one value have one number, whatever place they
// are in. A value made at a step is the step's number times four, plus one of
// the makes; those that were there at the begin are negative; 0 is no value.
type vid int32

const (
	madeResult vid = 1 // by the instruction: its destination, a call's result
	madeMemory vid = 2 // by the instruction in memory: a store of a part, a helper
)

func made(step int, how vid) vid { return vid(step)<<2 | how }

// step is where the value was made, noStep if before the begin.
func (v vid) step() int {
	if v <= 0 {
		return noStep
	}
	return int(v >> 2)
}

// funcState is a frame.
type funcState struct {
	regs     [numRegs]cell
	slots    []cell // index 0 is fp-8
	call     int32  // step that called it, noStep in frame 0
	callback bool
	resume   int // the instruction behind the call, -1 if it is not known
}

// machine is the verifier's state between two steps, as far as the log has it.
type machine struct {
	at     int // the step that comes next
	frames []funcState
	refs   []int
	// whole: all that is not known was never written. It is so if the path has
	// its head, and the kernel prints what each instruction changes.
	whole bool
	begun bool // the path has its head
	// of the step that is executed
	operands [2]vid
	before   [2]Value // of a conditional jump's operands
	released []int    // references that are gone after the step
	refsRead bool
	// watch, in tests, sees what is printed before it is put over what is known.
	watch func(step int, l Loc, have *cell, printed *Value)
}

func newFunc(frame int) funcState {
	f := funcState{call: noStep, resume: -1}
	for r := range f.regs {
		f.regs[r] = cell{v: Value{Reg: r, FrameNo: -1}, vid: entryValue(frame, r), def: noStep, lost: noStep, seen: noStep, maybe: noStep}
	}
	fp := &f.regs[10]
	fp.v.Base, fp.v.Type, fp.v.Const, fp.v.FrameNo, fp.known = FramePtr, "fp", true, frame, true
	return f
}

// entryValue numbers what a walk begins with.
func entryValue(frame, place int) vid { return vid(-1 - frame*(numRegs+stackSlots) - place) }

// start makes m the state in front of step at, of which nothing is known.
func (m *machine) start(at int) {
	*m = machine{at: at, frames: append(m.frames[:0], newFunc(0))}
}

// forget makes m know nothing: part of the path is missing.
func (m *machine) forget() {
	for i := range m.frames {
		f := newFunc(i)
		f.call, f.callback, f.resume = m.frames[i].call, m.frames[i].callback, m.frames[i].resume
		m.frames[i] = f
	}
	m.refs, m.whole, m.begun = m.refs[:0], false, false
}

// unwritten makes all registers of a frame that are not known what was never
// written.
func (m *machine) unwritten(frame int) {
	if !m.begun || frame >= len(m.frames) {
		return
	}
	f := &m.frames[frame]
	for r := range f.regs {
		if c := &f.regs[r]; !c.known {
			def := c.def
			c.clear(noStep)
			c.def = min(def, noStep)
		}
	}
}

// copyTo makes to the same as m, with memory of its own.
func (m *machine) copyTo(to *machine) {
	frames, refs := to.frames, to.refs
	*to = *m
	to.released, to.watch = nil, nil
	to.refs = append(refs[:0], m.refs...)
	if cap(frames) < len(m.frames) {
		frames = make([]funcState, len(m.frames))
	}
	to.frames = frames[:len(m.frames)]
	for i := range m.frames {
		slots := to.frames[i].slots
		to.frames[i] = m.frames[i]
		to.frames[i].slots = append(slots[:0], m.frames[i].slots...)
	}
}

// cell gives the place, nil if it is none or nothing is known of it.
func (m *machine) cell(l Loc) *cell {
	if l.Frame < 0 || l.Frame >= len(m.frames) {
		return nil
	}
	f := &m.frames[l.Frame]
	if l.Reg >= 0 {
		if l.Reg < numRegs {
			return &f.regs[l.Reg]
		}
		return nil
	}
	if k := -l.Slot/8 - 1; validSlot(l.Slot) && k < len(f.slots) {
		return &f.slots[k]
	}
	return nil
}

// slot gives a stack slot, which is made if needed; nil if off is none.
func (m *machine) slot(frame, off int) *cell {
	if !validSlot(off) || frame < 0 || frame >= len(m.frames) {
		return nil
	}
	f := &m.frames[frame]
	for k := -off/8 - 1; k >= len(f.slots); {
		n := len(f.slots)
		f.slots = append(f.slots, cell{
			v: Value{Reg: -1, Slot: -8 * (n + 1), FrameNo: -1}, vid: entryValue(frame, numRegs+n),
			def: noStep, lost: noStep, seen: noStep, maybe: noStep,
		})
	}
	return &f.slots[-off/8-1]
}

// eachCell calls f for all places.
func (m *machine) eachCell(f func(Loc, *cell)) {
	for i := range m.frames {
		for r := range m.frames[i].regs {
			f(Reg(i, r), &m.frames[i].regs[r])
		}
		for k := range m.frames[i].slots {
			f(Loc{Frame: i, Reg: -1, Slot: -8 * (k + 1)}, &m.frames[i].slots[k])
		}
	}
}

// cells is how many places m has.
func (m *machine) cells() int {
	n := 0
	for i := range m.frames {
		n += numRegs + len(m.frames[i].slots)
	}
	return n
}

// set gives a place another value. Its name stays.
func (c *cell) set(v Value, known bool, id vid, step int) {
	v.Reg, v.Slot, v.Live, v.Start, v.End = c.v.Reg, c.v.Slot, 0, 0, 0
	if c.v.Reg >= 0 && v.Base != StackBytes {
		v.Bytes = ""
	}
	c.v, c.known, c.vid, c.def, c.lost, c.slice, c.maybe = v, known, id, int32(step), noStep, 0, noStep
}

// take makes c a copy of from.
func (c *cell) take(from *cell, step int) {
	lost, slice, maybe := from.lost, from.slice, from.maybe
	c.set(from.v, from.known, from.vid, step)
	c.lost, c.slice, c.maybe = lost, slice, maybe
}

// clear makes a place one that was never written, or whose content is gone.
func (c *cell) clear(step int) {
	c.set(Value{Base: NotInit, Type: "?", FrameNo: -1}, true, 0, step)
}

// spoil marks a value that cannot be used any more.
func (c *cell) spoil(step int, v Value) {
	def, id := c.def, c.vid
	c.set(v, true, id, step)
	c.def, c.lost = def, int32(step)
}

func scalar() Value {
	v := Value{Reg: -1, Base: Scalar, Type: "scalar", FrameNo: -1}
	v.Bounds.deduce(&v)
	return v
}
