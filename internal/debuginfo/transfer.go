package debuginfo

import "github.com/bpfdiag/bpfdiag/internal/object"

// step applies instruction i to a state.
func (f *flow) step(i int, s *state) {
	in := f.fn.Insns[i]
	dst, src := in.Regs&0xf, in.Src()
	if dst > framePointer || src > framePointer || i > 0 && f.fn.Insns[i-1].Code == object.CodeLdImm && in.Code == 0 {
		return
	}
	unknown := func() vn { return f.values.number(value{op: opUnknown, at: int32(i), k: int64(dst)}) }
	switch in.Code & 7 {
	case classLD:
		switch {
		case in.Code == object.CodeLdImm:
			s.regs[dst] = f.immediate(i)
		default: // BPF_ABS, BPF_IND: the legacy packet loads, into r0
			f.clobber(i, s)
		}
	case classLDX:
		s.regs[dst] = f.load(i, s.regs[src], in, s)
	case classST, classSTX:
		f.storeTo(i, in, s)
	case classALU64, classALU:
		if v := f.alu(in, s); v != noValue {
			s.regs[dst] = v
		} else {
			s.regs[dst] = unknown()
		}
	default:
		if in.Code&0xf0 == 0x80 {
			f.clobber(i, s)
			for _, e := range f.taken {
				s.kill(e)
			}
		}
	}
}

// clobber is what a call does to registers.
func (f *flow) clobber(i int, s *state) {
	s.regs[0] = f.values.number(value{op: opCall, at: int32(i)})
	for r := 1; r <= 5; r++ {
		s.regs[r] = f.values.number(value{op: opUnknown, at: int32(i), k: int64(r)})
	}
}

func (f *flow) immediate(i int) vn {
	in := f.fn.Insns[i]
	if j, ok := f.relocs[i]; ok {
		switch r := f.fn.Relocs[j]; r.Kind {
		case object.RelocMap:
			return f.values.number(value{op: opMap, at: int32(j)})
		case object.RelocData:
			// Two loads of one address are one value: named by the first relocation of the map.
			for n := range f.fn.Relocs[:j] {
				if q := f.fn.Relocs[n]; q.Kind == r.Kind && q.Map == r.Map {
					j = n
					break
				}
			}
			return f.values.number(value{op: opData, at: int32(j), k: int64(r.Offset) + int64(uint32(in.Imm))})
		}
		return f.values.number(value{op: opUnknown, at: int32(i), k: int64(in.Regs & 0xf)})
	}
	k := int64(uint32(in.Imm))
	if i+1 < len(f.fn.Insns) {
		k |= int64(f.fn.Insns[i+1].Imm) << 32
	}
	return f.values.number(value{op: opConst, k: k})
}

// accessSize is the number of bytes that a load or store moves.
func accessSize(code uint8) int32 { return [...]int32{4, 2, 1, 8}[code>>3&3] }

// onStack says where on the stack an address is, relative to r10.
func (f *flow) onStack(base vn, off int16) (int32, bool) {
	v := f.values.of(base)
	if v.op != opFrame || v.k > 0 || v.k < -1<<20 {
		return 0, false
	}
	return int32(v.k) + int32(off), true
}

func (f *flow) load(i int, base vn, in object.Insn, s *state) vn {
	size := accessSize(in.Code)
	// BPF_MEM or BPF_MEMSX; others (probe reads) come only from the verifier.
	mode := in.Code & 0xe0
	if off, ok := f.onStack(base, in.Off); ok && mode == 0x60 {
		if got := s.slot(off, size); got != noValue {
			return got
		}
		n := f.values.number(value{op: opLoad, a: base, k: int64(in.Off), size: uint8(size), at: int32(i)})
		if !s.touches(extent{off, off + size}) {
			s.store(off, size, n)
		}
		return n
	}
	n := f.values.number(value{op: opLoad, a: base, k: int64(in.Off), size: uint8(size), at: int32(i)})
	if mode == 0x80 { // BPF_MEMSX
		return f.values.number(value{op: opSext, a: n, size: uint8(size)})
	}
	return n
}

func (f *flow) storeTo(i int, in object.Insn, s *state) {
	dst, src := in.Regs&0xf, in.Src()
	size := accessSize(in.Code)
	off, stack := f.onStack(s.regs[dst], in.Off)
	atomic := in.Code&0xe7 == 0xc3 // BPF_STX | BPF_ATOMIC
	if !stack {
		for _, e := range f.taken {
			s.kill(e)
		}
	} else {
		v := s.regs[src]
		if in.Code&7 == classST {
			v = f.values.number(value{op: opConst, k: int64(in.Imm)})
		}
		switch {
		case atomic:
			s.kill(extent{off, off + size})
		case size == 4:
			s.store(off, size, f.values.low32(v))
		case size == 8:
			s.store(off, size, v)
		default:
			s.store(off, size, f.values.number(value{op: opArith, code: aluEnd, a: v, k: int64(size)}))
		}
	}
	if atomic {
		unknown := f.values.number(value{op: opUnknown, at: int32(i), k: int64(src)})
		switch {
		case in.Imm == 0xf1: // BPF_CMPXCHG
			s.regs[0] = unknown
		case in.Imm == 0x100: // BPF_LOAD_ACQ: a load into dst
			s.regs[dst] = unknown
		case in.Imm&1 != 0: // BPF_FETCH, BPF_XCHG
			s.regs[src] = unknown
		}
	}
}

// alu returns the result of an arithmetic instruction, noValue if it is not followed.
func (f *flow) alu(in object.Insn, s *state) vn {
	dst, src := s.regs[in.Regs&0xf], s.regs[in.Src()]
	wide := in.Code&7 == classALU64
	op := in.Code & 0xf0
	reg := in.Code&8 != 0
	if op == aluMov {
		switch {
		case !reg && wide:
			return f.values.number(value{op: opConst, k: int64(in.Imm)})
		case !reg:
			return f.values.number(value{op: opConst, k: int64(uint32(in.Imm))})
		case in.Off == 8 || in.Off == 16 || in.Off == 32: // sign-extending move
			if v := f.values.number(value{op: opSext, a: src, size: uint8(in.Off / 8)}); wide {
				return v
			} else {
				return f.values.low32(v)
			}
		case in.Off != 0: // cast between address spaces
			return noValue
		case wide:
			return src
		}
		return f.values.low32(src)
	}
	var v vn
	switch {
	case wide && op == aluAdd && reg:
		return f.values.sum(dst, src)
	case wide && op == aluAdd:
		return f.values.add(dst, int64(in.Imm))
	case wide && op == aluSub && !reg:
		return f.values.add(dst, -int64(in.Imm))
	case op == aluEnd:
		v = f.values.number(value{op: opArith, code: in.Code, a: dst, k: int64(in.Imm)})
	case reg:
		v = f.values.arith(op, dst, src, 0)
	default:
		v = f.values.arith(op, dst, noValue, int64(in.Imm))
	}
	if !wide {
		return f.values.low32(v)
	}
	return v
}
