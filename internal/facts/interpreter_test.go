package facts_test

import (
	"encoding/binary"
	"math/rand/v2"

	"github.com/bpfdiag/bpfdiag/internal/facts"
	"github.com/bpfdiag/bpfdiag/verifierlog"
)

// interpreter runs what randomProgram makes, as the kernel's interpreter does
// (___bpf_prog_run in kernel/bpf/core.c).
type interpreter struct {
	code   []ins
	r      *rand.Rand
	pc     int
	frames []*frame
	done   bool
}

type frame struct {
	regs    [11]word
	stack   [stackUsed]byte // from fp-stackUsed
	written [stackUsed]bool
	back    int
}

// word is what a register holds.
type word struct {
	n    uint64 // of a stack address the offset
	kind wordKind
}

type wordKind int

const (
	unset wordKind = iota
	scalar
	context_
	stackAddress
)

func newInterpreter(code []ins, r *rand.Rand) *interpreter {
	f := &frame{}
	f.regs[1] = word{kind: context_}
	return &interpreter{code: code, r: r, frames: []*frame{f}}
}

func (m *interpreter) frame() *frame { return m.frames[len(m.frames)-1] }

// input is a number that the program does not know: often one that it compares with, or
// beside it.
func (m *interpreter) input() uint64 {
	switch m.r.IntN(4) {
	case 0:
		return uint64(m.r.IntN(4))
	case 1:
		return uint64(m.r.Uint32())
	case 2:
		return uint64(uint32(interesting[m.r.IntN(len(interesting))] + int32(m.r.IntN(3)) - 1))
	}
	n := m.code[m.r.IntN(len(m.code))]
	return uint64(uint32(n.imm + int32(m.r.IntN(3)) - 1))
}

func (m *interpreter) step() {
	n := m.code[m.pc]
	f := m.frame()
	m.pc++
	switch n.op & 7 {
	case classALU, classALU64:
		f.compute(n)
	case classLDX:
		if f.regs[n.src].kind == context_ {
			f.regs[n.dst] = word{m.input(), scalar}
			return
		}
		f.regs[n.dst] = word{f.load(int(int64(f.regs[n.src].n))+int(n.off), n.size()), scalar}
	case classST:
		f.store(int(int64(f.address(n.dst)))+int(n.off), n.size(), uint64(int64(n.imm)))
	case classSTX:
		f.store(int(int64(f.address(n.dst)))+int(n.off), n.size(), f.regs[n.src].n)
	default:
		m.jump(n)
	}
}

// address is a register's offset in the stack.
func (f *frame) address(reg uint8) uint64 {
	if reg == 10 {
		return 0
	}
	return f.regs[reg].n
}

func (m *interpreter) jump(n ins) {
	f := m.frame()
	switch n.op {
	case opExit:
		if len(m.frames) == 1 {
			m.done = true
			return
		}
		r0 := f.regs[0]
		m.pc, m.frames = f.back, m.frames[:len(m.frames)-1]
		m.clobber()
		m.frame().regs[0] = r0
	case opCall:
		if n.src == 0 { // bpf_get_prandom_u32
			m.clobber()
			f.regs[0] = word{m.input(), scalar}
			return
		}
		g := &frame{back: m.pc}
		copy(g.regs[1:6], f.regs[1:6])
		m.frames = append(m.frames, g)
		m.pc += int(n.imm)
	case opGoto:
		m.pc += int(n.off)
	default:
		if f.holds(n) {
			m.pc += int(n.off)
		}
	}
}

// clobber is what a call does to the registers of its arguments.
func (m *interpreter) clobber() {
	for reg := 1; reg <= 5; reg++ {
		m.frame().regs[reg] = word{}
	}
}

func (f *frame) operand(n ins) uint64 {
	if n.op&8 != 0 {
		return f.regs[n.src].n
	}
	return uint64(int64(n.imm))
}

// holds says whether a condition does.
func (f *frame) holds(n ins) bool {
	a, b := f.regs[n.dst].n, f.operand(n)
	sa, sb := int64(a), int64(b)
	if n.op&7 == classJMP32 {
		a, b = uint64(uint32(a)), uint64(uint32(b))
		sa, sb = int64(int32(a)), int64(int32(b))
	}
	switch n.op & 0xf0 {
	case 0x10:
		return a == b
	case 0x20:
		return a > b
	case 0x30:
		return a >= b
	case 0x40:
		return a&b != 0
	case 0x50:
		return a != b
	case 0x60:
		return sa > sb
	case 0x70:
		return sa >= sb
	case 0xa0:
		return a < b
	case 0xb0:
		return a <= b
	case 0xc0:
		return sa < sb
	}
	return sa <= sb
}

func (f *frame) compute(n ins) {
	wide := n.op&7 == classALU64
	if n.op == opMov && n.src == 10 {
		f.regs[n.dst] = word{0, stackAddress}
		return
	}
	d := &f.regs[n.dst]
	a, b := d.n, f.operand(n)
	if n.op&0xf0 == 0xb0 { // a move
		d.kind = scalar
		if n.op&8 != 0 {
			d.kind = f.regs[n.src].kind
			switch n.off {
			case 8:
				b = uint64(int64(int8(b)))
			case 16:
				b = uint64(int64(int16(b)))
			case 32:
				b = uint64(int64(int32(b)))
			}
		}
		if d.n = b; !wide {
			d.n = uint64(uint32(b))
		}
		return
	}
	if wide {
		d.n = compute(n.op, a, b, 64)
	} else {
		d.n = uint64(uint32(compute(n.op, uint64(uint32(a)), uint64(uint32(b)), 32)))
	}
}

func compute(op uint8, a, b uint64, width uint) uint64 {
	switch op & 0xf0 {
	case 0x00:
		return a + b
	case 0x10:
		return a - b
	case 0x20:
		return a * b
	case 0x30:
		if b == 0 {
			return 0
		}
		return a / b
	case 0x40:
		return a | b
	case 0x50:
		return a & b
	case 0x60:
		return a << (b & uint64(width-1))
	case 0x70:
		return a >> (b & uint64(width-1))
	case 0x80:
		return -a
	case 0x90:
		if b == 0 {
			return a
		}
		return a % b
	case 0xa0:
		return a ^ b
	}
	if width == 32 {
		return uint64(int32(a) >> (b & 31))
	}
	return uint64(int64(a) >> (b & 63))
}

func (f *frame) load(off, size int) uint64 {
	var b [8]byte
	copy(b[:size], f.stack[stackUsed+off:])
	return binary.LittleEndian.Uint64(b[:])
}

func (f *frame) store(off, size int, n uint64) {
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], n)
	copy(f.stack[stackUsed+off:], b[:size])
	for i := range size {
		f.written[stackUsed+off+i] = true
	}
}

// slot is eight bytes of the stack.
type slot struct {
	n       uint64
	written int // bytes
}

func (f *frame) slot(off int) slot {
	s := slot{n: f.load(off, 8)}
	for i := range 8 {
		if f.written[stackUsed+off+i] {
			s.written++
		}
	}
	return s
}

// holds says whether a value that a register is said to have may be the one it has.
func (w word) holds(v *facts.Value) bool {
	if w.kind == stackAddress {
		return v.Base == verifierlog.FramePtr && v.Low <= int64(w.n) && int64(w.n) <= v.High
	}
	return v.Base == verifierlog.Scalar && v.Bytes == "" && contains(&v.Bounds, w.n)
}

// holds is the same for a stack slot, of which some bytes may have been stored later. The
// letters of its bytes begin with the one at the lowest address.
func (s slot) holds(v *facts.Value) bool {
	n := s.n
	switch {
	case v.Base == verifierlog.Scalar && v.Bytes == "":
		return contains(&v.Bounds, n)
	case v.Base == verifierlog.Scalar:
		most := uint64(1)<<(8*(8-len(v.Bytes))) - 1
		if v.Bounds.Umax > most { // the register had more than was stored (reg_value_fits)
			return (n^v.Bounds.Value)&^v.Bounds.Mask&most == 0
		}
		return contains(&v.Bounds, n&most)
	case v.Base != verifierlog.StackBytes:
		return false
	}
	for i := range 8 {
		if v.Bytes[i] == '0' && byte(n>>(8*letterByte(i))) != 0 {
			return false
		}
	}
	return true
}

// letterByte is the byte of a slot that a letter of it is about. slot_type[0] is the
// byte below the next slot (check_stack_write_fixed_off), the most significant one.
func letterByte(i int) int { return 7 - i }
