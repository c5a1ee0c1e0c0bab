package verifierlog

// exec does what instruction in at step i does to the places, as far as that
// follows from the instruction. What the log prints behind it is put over that
// by print. next is the step after, nil at the end.
func (m *machine) exec(i int, in *Insn, frame int, next *record) {
	m.operands, m.released, m.refsRead = [2]vid{}, nil, false
	m.depth(frame, i)
	f := &m.frames[frame]
	dst := cellOf(f, in.Dst)
	src := cellOf(f, in.Src)
	switch in.Op {
	case OpMov:
		m.move(i, in, dst, src)
	case OpALU:
		if m.operandsOf(dst, src); dst != nil {
			v, known := arithmetic(in, dst, src)
			dst.set(v, known, made(i, madeResult), i)
		}
	case OpNeg, OpByteOrder, OpArenaCast, OpPercpu:
		if src == nil {
			src = dst
		}
		m.operandsOf(src, nil)
		if dst != nil {
			dst.set(scalar(), false, made(i, madeResult), i)
		}
	case OpLoadImm:
		if dst != nil {
			dst.set(constant(in.Imm), false, made(i, madeResult), i)
		}
	case OpLoad:
		m.load(i, in, dst)
	case OpStore, OpAtomic:
		m.store(i, in, dst, src)
	case OpLoadAbs, OpLoadInd:
		m.operandsOf(&f.regs[6], src)
		m.clobber(i, f)
	case OpJump:
		m.operandsOf(dst, src)
		for k, c := range [2]*cell{dst, src} {
			if m.before[k] = (Value{}); c != nil && c.known {
				m.before[k] = c.v
			}
		}
	case OpCall:
		m.call(i, in, frame, next)
	case OpExit:
		m.exit(i, frame, next)
	}
}

// depth makes frame the current one, whatever the log left out.
func (m *machine) depth(frame, step int) {
	for len(m.frames) <= frame {
		m.push(step, true)
	}
	m.frames = m.frames[:frame+1]
}

func (m *machine) push(step int, callback bool) {
	n := len(m.frames)
	m.frames = append(m.frames, newFunc(n))
	f := &m.frames[n]
	f.call, f.callback = int32(step), callback
	for r := range f.regs[:10] {
		f.regs[r].def = int32(step)
	}
}

func cellOf(f *funcState, reg int) *cell {
	if reg < 0 || reg >= numRegs {
		return nil
	}
	return &f.regs[reg]
}

func (m *machine) operandsOf(a, b *cell) {
	for k, c := range [2]*cell{a, b} {
		if c != nil {
			m.operands[k] = c.vid
		}
	}
}

func (m *machine) move(i int, in *Insn, dst, src *cell) {
	switch {
	case dst == nil:
	case in.HasImm:
		n := in.Imm
		if !in.Wide {
			n = int64(uint32(n))
		}
		dst.set(constant(n), true, made(i, madeResult), i)
	case src == nil:
	case in.Wide && in.SignExtend == 0:
		m.operandsOf(src, nil)
		dst.take(src, i)
	default:
		m.operandsOf(src, nil)
		v, known := scalar(), false
		if src.known && src.v.Base == Scalar && src.v.Const {
			n := src.v.Number
			switch in.SignExtend {
			case 8:
				n = int64(int8(n))
			case 16:
				n = int64(int16(n))
			case 32:
				n = int64(int32(n))
			}
			if !in.Wide {
				n = int64(uint32(n))
			}
			v, known = constant(n), true
		}
		dst.set(v, known, made(i, madeResult), i)
	}
}

// arithmetic computes what needs no ranges: constants, and pointers plus
// constants. The rest is printed, by kernels that print it.
func arithmetic(in *Insn, dst, src *cell) (Value, bool) {
	unknown := scalar()
	if !dst.known || !in.Wide {
		return unknown, false
	}
	n := in.Imm
	if !in.HasImm {
		if src == nil || !src.known || src.v.Base != Scalar || !src.v.Const {
			return unknown, false
		}
		n = src.v.Number
	}
	v := dst.v
	if in.Operator == "-=" {
		n = -n
	}
	if in.Operator != "+=" && in.Operator != "-=" {
		return unknown, false
	}
	switch {
	case v.Base == Scalar && v.Const:
		return constant(v.Number + n), true
	case v.Base == FramePtr && v.Const,
		v.Flags&MaybeNull == 0 && (v.Base == Packet || v.Base == MapValue || v.Base == Mem || v.Base == BTFPtr):
		v.Offset += n
		return v, true
	}
	return unknown, false
}

// target is the slot that a memory operand names; nil if it is no part of the
// stack, or not known.
func (m *machine) target(a Address, frame int) (frameNo, off int, ok bool) {
	base := cellOf(&m.frames[frame], a.Base)
	if base == nil || !base.known || base.v.Base != FramePtr || !base.v.Const {
		return 0, 0, false
	}
	frameNo = base.v.FrameNo
	if frameNo < 0 {
		frameNo = frame
	}
	at := base.v.Offset + int64(a.Offset)
	if at < -8*stackSlots || at >= 0 || frameNo >= len(m.frames) {
		return 0, 0, false
	}
	return frameNo, int(at), true
}

func (m *machine) load(i int, in *Insn, dst *cell) {
	if dst == nil {
		return
	}
	frame := len(m.frames) - 1
	no, off, ok := m.target(in.Mem, frame)
	if !ok {
		m.operandsOf(cellOf(&m.frames[frame], in.Mem.Base), nil)
		dst.set(scalar(), false, made(i, madeResult), i)
		return
	}
	s := m.slot(no, slotOf(off))
	m.operandsOf(cellOf(&m.frames[frame], in.Mem.Base), s)
	if in.Mem.Size == 8 && off%8 == 0 && in.SignExtend == 0 && s.known && s.v.Base != StackBytes && s.v.Bytes == "" {
		dst.take(s, i)
		return
	}
	dst.set(scalar(), false, made(i, madeResult), i)
}

func (m *machine) store(i int, in *Insn, dst, src *cell) {
	frame := len(m.frames) - 1
	m.operandsOf(src, nil)
	if no, off, ok := m.target(in.Mem, frame); ok {
		for at := slotOf(off); at < min(0, off+max(in.Mem.Size, 1)); at += 8 {
			s := m.slot(no, at)
			m.endDynptr(i, s)
			switch {
			case in.Op == OpStore && in.Mem.Size == 8 && off%8 == 0 && src != nil:
				s.take(src, i)
			case in.Op == OpStore && in.Mem.Size == 8 && off%8 == 0 && in.HasImm:
				s.set(constant(in.Imm), true, made(i, madeMemory), i)
			default:
				s.set(Value{Base: StackBytes, FrameNo: -1}, false, made(i, madeMemory), i)
			}
		}
	}
	m.storeSomewhere(i, in, frame)
	if in.Op == OpAtomic && in.Fetch && dst != nil {
		dst.set(scalar(), false, made(i, madeResult), i)
	}
}

// storeSomewhere is a store to the stack of which only the range of its place is
// known: what the slots there held is gone (check_stack_write_var_off).
func (m *machine) storeSomewhere(i int, in *Insn, frame int) {
	base := cellOf(&m.frames[frame], in.Mem.Base)
	if base == nil || !base.known || base.v.Base != FramePtr || base.v.Const {
		return
	}
	no := base.v.FrameNo
	if no < 0 {
		no = frame
	}
	b, off := base.v.Bounds, base.v.Offset+int64(in.Mem.Offset)
	if b.Smin < -8*stackSlots || b.Smax > 8*stackSlots || no >= len(m.frames) {
		return
	}
	first, end := max(b.Smin+off, -8*stackSlots), min(b.Smax+off+int64(in.Mem.Size), 0)
	for at := slotOf(int(first)); at < int(end); at += 8 {
		m.slot(no, at).set(Value{Base: StackBytes, FrameNo: -1}, false, made(i, madeMemory), i)
	}
}

// clobber is what every call does to its frame (caller_saved).
func (m *machine) clobber(i int, f *funcState) {
	for r := 1; r <= 5; r++ {
		f.regs[r].clear(i)
	}
	f.regs[0].set(scalar(), false, made(i, madeResult), i)
}

func (m *machine) call(i int, in *Insn, frame int, next *record) {
	enters := next != nil && int(next.frame) == frame+1
	f := &m.frames[frame]
	if !enters {
		m.helper(i, in)
		return
	}
	args := f.regs
	m.push(i, in.Call != CallSubprog)
	m.frames[frame+1].resume = in.Index + 1
	if in.Call != CallSubprog {
		return // the callback's arguments are printed; the caller's frame is as it was
	}
	f, callee := &m.frames[frame], &m.frames[frame+1]
	for r := 1; r <= 5; r++ {
		to := &callee.regs[r]
		to.take(&args[r], i)
		if to.v.Base == FramePtr && to.v.FrameNo < 0 {
			to.v.FrameNo = frame
		}
	}
	m.clobber(i, f)
	m.unwritten(frame + 1)
}

// exit returns to the caller (prepare_func_exit).
func (m *machine) exit(i, frame int, next *record) {
	f := &m.frames[frame]
	m.operandsOf(&f.regs[0], nil)
	if next == nil || int(next.frame) >= frame || frame == 0 {
		return
	}
	r0, callback, call := f.regs[0], f.callback, int(f.call)
	behind := int(next.insn) == f.resume
	m.frames = m.frames[:max(int(next.frame), 0)+1]
	switch caller := &m.frames[len(m.frames)-1]; {
	case !callback:
		caller.regs[0].take(&r0, i)
	case behind && call >= 0:
		// Linux before 6.7 follows a callback once, and the call is over.
		m.clobber(call, caller)
	}
}
