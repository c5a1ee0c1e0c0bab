package verifierlog

// Snapshot is what the verifier knows between two instructions, in all frames. It
// does not change. Values are shared: the same pointer is the same value.
type Snapshot struct {
	Frames []*FrameSnapshot // outermost first
	refs   []int
}

// FrameSnapshot is one frame of a Snapshot. A nil value is not known; one that
// is NotInit was never written, or is no longer kept. Of addresses of the frame's own
// stack FrameNo is -1.
type FrameSnapshot struct {
	Call     int // instruction that called it, -1 of the outermost
	Callback bool
	Regs     [numRegs]*Value
	Slots    []*Value // index 0 is fp-8

	call    int32
	resume  int
	regIDs  [numRegs]cellIDs
	slotIDs []cellIDs
}

// cellIDs say which value a place has, and of which dynptr it is a slice.
type cellIDs struct{ vid, slice vid }

// At is the value of a place, nil if it is not known.
func (s *Snapshot) At(l Loc) *Value {
	if l.Frame < 0 || l.Frame >= len(s.Frames) {
		return nil
	}
	return s.Frames[l.Frame].At(l)
}

// At is the value of a place of the frame, nil if it is not known.
func (f *FrameSnapshot) At(l Loc) *Value {
	switch k := -l.Slot/8 - 1; {
	case l.Reg >= numRegs:
	case l.Reg >= 0:
		return f.Regs[l.Reg]
	case validSlot(l.Slot) && k < len(f.Slots):
		return f.Slots[k]
	}
	return nil
}

// snapshot is what the machine knows now.
func (w *walker) snapshot() *Snapshot {
	if w.now != nil {
		return w.now
	}
	m := &w.m
	s := &Snapshot{Frames: make([]*FrameSnapshot, len(m.frames)), refs: append([]int(nil), m.refs...)}
	for i := range m.frames {
		f := &m.frames[i]
		to := &FrameSnapshot{Call: -1, Callback: f.callback, call: f.call, resume: f.resume, Slots: make([]*Value, len(f.slots)), slotIDs: make([]cellIDs, len(f.slots))}
		if c := int(f.call); i > 0 && c >= 0 && c < len(w.b.p.recs) {
			to.Call = int(w.b.p.recs[c].insn)
		}
		for r := range f.regs {
			to.Regs[r], to.regIDs[r] = w.values.get(&f.regs[r], i), f.regs[r].ids()
		}
		for k := range f.slots {
			to.Slots[k], to.slotIDs[k] = w.values.get(&f.slots[k], i), f.slots[k].ids()
		}
		s.Frames[i] = to
	}
	w.now = s
	return s
}

// restore makes a machine know what the snapshot knows, in front of step at.
func (s *Snapshot) restore(m *machine, at int) {
	m.start(at)
	for i, from := range s.Frames {
		if i > 0 {
			m.push(int(from.call), from.Callback)
		}
		f := &m.frames[i]
		f.call, f.callback, f.resume = from.call, from.Callback, from.resume
		for r, v := range from.Regs {
			f.regs[r].have(v, from.regIDs[r], i)
		}
		for k, v := range from.Slots {
			m.slot(i, -8*(k+1)).have(v, from.slotIDs[k], i)
		}
	}
	m.refs = append(m.refs[:0], s.refs...)
}

func (c *cell) ids() cellIDs { return cellIDs{c.vid, c.slice} }

// have makes a cell hold v.
func (c *cell) have(v *Value, ids cellIDs, frame int) {
	c.known, c.lost, c.maybe, c.vid, c.slice = v != nil, noStep, noStep, ids.vid, ids.slice
	if v != nil {
		reg, slot := c.v.Reg, c.v.Slot
		c.v = *v
		c.v.Reg, c.v.Slot = reg, slot
		if c.shared = v; v.Base == FramePtr && v.FrameNo < 0 {
			c.v.FrameNo = frame
		}
	}
}

// valueTable shares equal values.
type valueTable struct {
	values map[valueKey]*Value
	names  map[string]string
}

// maxShared bounds the values that are looked up again; an older one that comes
// back after that is another pointer.
const maxShared = 1 << 16

// valueKey is all that makes a value.
type valueKey struct {
	base                 Base
	flags                TypeFlags
	typ, name, bytes, mp string
	constant             bool
	number               int64
	id, ref, parent      int
	add, off, rng, mem   int64
	frame, key, val      int
	bounds               Bounds
	state                string
	depth                int
}

// get is the shared value of a cell of a frame, nil if it is not known.
func (t *valueTable) get(c *cell, frame int) *Value {
	if !c.known || c.maybe >= 0 {
		return nil
	}
	v := &c.v
	no := v.FrameNo
	if no == frame {
		no = -1
	}
	if c.shared != nil && c.shared.FrameNo == no && sameValue(c.shared, v) {
		return c.shared
	}
	k := valueKey{
		base: v.Base, flags: v.Flags, typ: v.Type, name: v.TypeName, bytes: v.Bytes, mp: v.Map, constant: v.Const, number: v.Number,
		id: v.ID, ref: v.RefID, parent: v.ParentID, add: v.AddConst, off: v.Offset, rng: v.Range, mem: v.MemSize,
		frame: no, key: v.KeySize, val: v.ValSize, bounds: v.Bounds, state: v.IterState, depth: v.IterDepth,
	}
	k.bounds.Printed = 0
	s := t.values[k]
	if s == nil {
		if t.values == nil || len(t.values) >= maxShared {
			t.values = make(map[valueKey]*Value)
		}
		s = new(Value)
		*s = *v
		s.FrameNo, s.Reg, s.Slot, s.Live, s.Start, s.End, s.Precise, s.Bounds.Printed = no, -1, 0, 0, 0, 0, false, 0
		t.values[k] = s
	}
	c.shared = s
	return s
}

// name is a string that is shared.
func (t *valueTable) name(b []byte) string {
	if s, ok := t.names[string(b)]; ok || len(b) == 0 {
		return s
	}
	if t.names == nil || len(t.names) >= maxNames {
		t.names = make(map[string]string)
	}
	s := string(b)
	t.names[s] = s
	return s
}
