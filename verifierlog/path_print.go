package verifierlog

// print puts a state that the log prints behind step i over what exec made.
func (m *machine) print(i int, s *State, opcode uint8) {
	if s.Frame >= maxFrames {
		return
	}
	for len(m.frames) <= s.Frame {
		m.push(i, true)
	}
	f := &m.frames[s.Frame]
	f.callback = f.callback || s.Callback
	for k := range s.Values {
		v := &s.Values[k]
		var c *cell
		if v.Reg >= 0 {
			c = cellOf(f, v.Reg)
		} else {
			c = m.slot(s.Frame, v.Slot)
		}
		if c == nil {
			continue
		}
		if m.watch != nil {
			m.watch(i, Loc{Frame: s.Frame, Reg: v.Reg, Slot: v.Slot}, c, v)
		}
		m.show(i, c, v, opcode)
	}
	if m.refsRead = true; !sameRefs(m.refs, s.Refs) {
		for _, id := range m.refs {
			if !contains(s.Refs, id) {
				m.released = append(m.released, id)
			}
		}
		m.refs = append(m.refs[:0], s.Refs...)
	}
}

// show puts one printed value into its place.
func (m *machine) show(i int, c *cell, v *Value, opcode uint8) {
	nv := *v
	nv.Live, nv.Start, nv.End = 0, 0, 0
	if nv.Base == FramePtr && nv.FrameNo < 0 && c.known && c.v.Base == FramePtr && c.v.Offset == nv.Offset {
		nv.FrameNo = c.v.FrameNo
	}
	if v.Reg < 0 && c.known && c.v.Base == Dynptr && !sameValue(&c.v, &nv) {
		m.endDynptr(i, c)
	}
	if v.Reg < 0 && int(c.def) != i && writesStack(opcode) && (!c.known || !sameValue(&c.v, &nv) || opcode == codeCall && nv.Base == StackBytes) {
		// Written through a pointer that exec does not follow, or by a helper.
		c.def, c.vid, c.lost = int32(i), made(i, madeMemory), noStep
	}
	if c.lost >= 0 && nv.Base != NotInit && nv.Base != Scalar && nv.Flags&Untrusted == 0 {
		c.lost = noStep
	}
	if c.maybe >= 0 && nv.Base != Packet && nv.Base != PacketMeta && nv.Base != PacketEnd && c.lost < 0 {
		c.lost = c.maybe
	}
	c.v, c.known, c.seen, c.maybe = nv, true, int32(i), noStep
}

// writesStack says whether an instruction can write memory: stores, atomics
// and calls.
func writesStack(code uint8) bool {
	class := code & 7
	return class == 2 || class == 3 || code == codeCall
}

// settle draws what the printed state implies for places that it leaves out.
func (m *machine) settle(i int, in *Insn, frame int, next *record) {
	for k := 0; k < len(m.released) && k < maxReleased; k++ {
		m.release(i, m.released[k], in.Func)
	}
	if in.Op != OpJump || frame >= len(m.frames) {
		return
	}
	f := &m.frames[frame]
	for k, reg := range [2]int{in.Dst, in.Src} {
		c := cellOf(f, reg)
		if c == nil || !c.known {
			continue
		}
		if c.seen != int32(i) && k == 0 && in.HasImm && next != nil {
			// Not used any more, so not printed (Linux 6.18 and later).
			c.v.compared(in, int(next.insn) != in.Index+1)
		}
		m.spread(i, &m.before[k], &c.v)
	}
}

// maxReleased bounds the references that one step gives back, with what was
// derived from them.
const maxReleased = 64

// release makes what belongs to a reference unusable (release_reference).
// What borrows from it in turn is put behind the references released.
func (m *machine) release(i, id int, by []byte) {
	m.eachCell(func(_ Loc, c *cell) {
		if !c.known || c.seen == int32(i) || !c.v.owns(id) {
			return
		}
		if v := &c.v; v.ID != 0 && v.ID != id && v.Base != Scalar && !contains(m.released, v.ID) {
			m.released = append(m.released, v.ID)
		}
		switch {
		case c.v.Base == Dynptr || c.v.Base == Iter:
			m.endDynptr(i, c)
			c.clear(i)
		case addsNode(by):
			c.v.Flags, c.v.RefID, c.v.ID = c.v.Flags|NonOwning, 0, 0
		default:
			c.spoil(i, scalar())
		}
	})
}

// owns says whether v is the reference id, or borrows from it. Since Linux 7.2
// a reference's own id is printed, before that ref_obj_id.
func (v *Value) owns(id int) bool {
	return v.RefID == id || v.Base != Scalar && (v.ID == id || v.ParentID == id)
}

// spread gives to all copies of a value what a jump found out about one: the
// kernel changes them too (sync_linked_regs, mark_ptr_or_null_regs,
// find_good_pkt_pointers), but prints only the registers compared.
func (m *machine) spread(i int, before, after *Value) {
	packet := before.Base == Packet || before.Base == PacketMeta // their id may be 0
	if before.ID == 0 && !packet || sameValue(before, after) {
		return
	}
	m.eachCell(func(_ Loc, c *cell) {
		if !c.known || c.v.ID != before.ID || c.v.Base != before.Base || c.seen == int32(i) {
			return
		}
		switch {
		case packet:
			c.v.Range = max(c.v.Range, after.Range)
		case before.Base == Scalar && after.Base == Scalar:
			if c.v.Bytes == "" && (after.ID != 0 || after.Const) { // without: too many copies, given up
				add := c.v.AddConst
				m.become(c, after)
				c.v.AddConst = add
				c.v.shift(add - before.AddConst)
			}
		case before.Flags&MaybeNull != 0:
			m.become(c, after)
		}
	})
}

// become makes the value in c what v is, in c's place.
func (m *machine) become(c *cell, v *Value) {
	reg, slot, bytes := c.v.Reg, c.v.Slot, c.v.Bytes
	c.v = *v
	c.v.Reg, c.v.Slot, c.v.Bytes = reg, slot, bytes
}

func contains(ids []int, id int) bool {
	for _, x := range ids {
		if x == id {
			return true
		}
	}
	return false
}

func sameRefs(a, b []int) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// sameValue compares what values are, not where they are.
func sameValue(a, b *Value) bool {
	if a.Base == Scalar && b.Base == Scalar && a.Const && b.Const {
		return a.Number == b.Number && a.Bytes == b.Bytes
	}
	ab, bb := a.Bounds, b.Bounds
	ab.Printed, bb.Printed = 0, 0
	return a.Base == b.Base && a.Flags == b.Flags && a.TypeName == b.TypeName && a.Bytes == b.Bytes &&
		a.Const == b.Const && a.Number == b.Number && a.ID == b.ID && a.AddConst == b.AddConst &&
		a.RefID == b.RefID && a.ParentID == b.ParentID && a.Offset == b.Offset && a.Range == b.Range &&
		a.MemSize == b.MemSize && a.Map == b.Map && a.KeySize == b.KeySize && a.ValSize == b.ValSize &&
		(ab == bb || a.Base != Scalar && a.Const) && a.IterState == b.IterState && a.IterDepth == b.IterDepth
}

// shift adds n to a scalar whose ranges are known. Ranges that would wrap are
// forgotten.
func (v *Value) shift(n int64) {
	if n == 0 {
		return
	}
	if v.Const {
		v.Number += n
		v.Bounds = exactly(v.Number)
		return
	}
	b := &v.Bounds
	smin, smax, umin, umax := b.Smin+n, b.Smax+n, b.Umin+uint64(n), b.Umax+uint64(n)
	value := b.Value + uint64(n)
	unknown := (b.Mask + value) ^ value | b.Mask // tnum_add with a number
	*b = Bounds{Value: value &^ unknown, Mask: unknown, Printed: PrintedVarOff}
	if smin <= smax {
		b.set(PrintedSmin, uint64(smin))
		b.set(PrintedSmax, uint64(smax))
	}
	if umin <= umax {
		b.set(PrintedUmin, umin)
		b.set(PrintedUmax, umax)
	}
	b.deduce(v)
	b.Printed = 0
}
