package facts_test

import "math/rand/v2"

// ins is an instruction.
type ins struct {
	op, dst, src uint8
	off          int16
	imm          int32
}

// Classes and operations (include/uapi/linux/bpf.h).
const (
	classLDX   = 1
	classST    = 2
	classSTX   = 3
	classALU   = 4
	classJMP   = 5
	classJMP32 = 6
	classALU64 = 7

	opMov    = 0xbf // 64 bits, of a register
	opMovImm = 0xb7
	opAddReg = 0x0f
	opAddImm = 0x07
	opAndImm = 0x57
	opGoto   = 0x05
	opCall   = 0x85
	opExit   = 0x95
	opLess   = 0xa5 // an immediate

	randomHelper = 7 // bpf_get_prandom_u32
	ctxReg       = 6
	stackUsed    = 48
)

// size is that of a load or a store in bytes.
func (n ins) size() int { return map[uint8]int{0x00: 4, 0x08: 2, 0x10: 1, 0x18: 8}[n.op&0x18] }

var sizes = []struct {
	bits uint8
	n    int
}{{0x18, 8}, {0x18, 8}, {0x00, 4}, {0x08, 2}, {0x10, 1}}

// interesting are numbers at the ends of ranges.
var interesting = []int32{0, 1, 2, 7, 8, 15, 16, 100, 255, 256, 1500, 0x7fff, 0x8000, 0xffff, 0x10000, 0x7fffffff, -1, -2, -8, -100, -0x8000, -0x80000000}

// statement is instructions that jumps do not lead into.
type statement struct {
	code []ins
	to   int // the statement that its jump leads to, counted from it; 0 without a jump
}

// generator makes a function. Its numbers are in registers and slots that are always
// written; R6 of a program is its context.
type generator struct {
	r     *rand.Rand
	own   []uint8 // registers that may be written
	main  bool
	stack bool
}

// randomProgram is a program that the verifier accepts more often than not: arithmetic on
// numbers that it does not know, branches, small loops, the stack at fixed and variable
// offsets, and a function.
func randomProgram(r *rand.Rand) []ins {
	g := &generator{r: r, own: []uint8{0, 1, 2, 3, 4, 5, 7, 8, 9}, main: true, stack: true}
	all := []statement{{code: []ins{{op: opMov, dst: ctxReg, src: 1}}}}
	for _, reg := range g.own {
		all = append(all, g.fresh(reg))
	}
	for off := 8; off <= stackUsed; off += 8 {
		all = append(all, statement{code: []ins{{op: 0x7b, dst: 10, src: g.reg(), off: int16(-off)}}})
	}
	all = append(all, g.block(4+r.IntN(24), 0)...)
	all = append(all, statement{code: []ins{{op: opMovImm}, {op: opExit}}})
	code := place(all)

	f := &generator{r: r, own: []uint8{0, 1, 2, 3, 4, 5}}
	body := []statement{{code: []ins{{op: opMov, dst: 0, src: 1 + uint8(r.IntN(5))}}}}
	body = append(body, f.block(2+r.IntN(8), 1)...)
	body = append(body, statement{code: []ins{{op: opExit}}})
	entry, used := len(code), false
	for i := range code {
		if code[i].op == opCall && code[i].src == 1 {
			code[i].imm, used = int32(entry-i-1), true
		}
	}
	if used {
		code = append(code, place(body)...)
	}
	return code
}

// place puts statements behind each other and makes jumps of theirs.
func place(all []statement) []ins {
	starts := []int{0}
	for _, s := range all {
		starts = append(starts, starts[len(starts)-1]+len(s.code))
	}
	var code []ins
	for i, s := range all {
		code = append(code, s.code...)
		if s.to != 0 {
			last := &code[len(code)-1]
			last.off = int16(starts[min(i+s.to, len(all)-1)] - len(code))
		}
	}
	return code
}

func (g *generator) reg() uint8  { return g.own[g.r.IntN(len(g.own))] }
func (g *generator) imm() int32  { return interesting[g.r.IntN(len(interesting))] }
func (g *generator) slot() int16 { return -8 * int16(1+g.r.IntN(stackUsed/8)) }

// block is some statements; jumps in them stay in them, or lead right behind them.
func (g *generator) block(n, depth int) []statement {
	var all []statement
	for len(all) < n {
		if depth == 0 && g.r.IntN(12) == 0 {
			all = append(all, g.loop()...)
			continue
		}
		all = append(all, g.statement())
	}
	for i := range all {
		if all[i].to == forward {
			all[i].to = 1 + g.r.IntN(min(6, len(all)-i))
		}
	}
	return all
}

// forward is a jump whose aim is not chosen yet.
const forward = 1 << 20

// loop counts in a register that its body leaves alone.
func (g *generator) loop() []statement {
	counter := uint8(7 + g.r.IntN(3))
	body := *g
	body.own = nil
	for _, reg := range g.own {
		if reg != counter {
			body.own = append(body.own, reg)
		}
	}
	inner := body.block(1+g.r.IntN(4), 1)
	all := []statement{{code: []ins{{op: opMovImm, dst: counter}}}}
	all = append(all, inner...)
	return append(all, statement{
		code: []ins{{op: opAddImm, dst: counter, imm: 1}, {op: opLess, dst: counter, imm: 1 + int32(g.r.IntN(6))}},
		to:   -len(inner),
	})
}

// fresh gives a register a number: one that the verifier does not know, a bit of one, or
// a constant.
func (g *generator) fresh(reg uint8) statement {
	load := ins{op: 0x61, dst: reg, src: ctxReg, off: []int16{0, 8, 16}[g.r.IntN(3)]}
	switch g.r.IntN(3) {
	case 0:
		return statement{code: []ins{{op: opMovImm, dst: reg, imm: g.imm()}}}
	case 1:
		return statement{code: []ins{load, {op: opAndImm, dst: reg, imm: []int32{1, 3, 7, 0xff, 0xf0}[g.r.IntN(5)]}}}
	}
	return statement{code: []ins{load}}
}

func (g *generator) statement() statement {
	for {
		switch n := g.r.IntN(20); {
		case n < 8:
			return statement{code: []ins{g.arithmetic()}}
		case n < 14:
			return statement{code: []ins{g.condition()}, to: forward}
		case n < 15:
			return statement{code: []ins{{op: opGoto}}, to: forward}
		case !g.main:
		case n < 16:
			return g.fresh(g.reg())
		case n < 17:
			return g.calling()
		case n < 19:
			return g.fixed()
		default:
			return g.variable()
		}
	}
}

func (g *generator) arithmetic() ins {
	n := ins{op: classALU64, dst: g.reg()}
	if g.r.IntN(2) == 0 {
		n.op = classALU
	}
	operation := []uint8{0x00, 0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70, 0x80, 0x90, 0xa0, 0xb0, 0xb0, 0xc0}[g.r.IntN(14)]
	n.op |= operation
	shift := operation == 0x60 || operation == 0x70 || operation == 0xc0
	switch {
	case operation == 0x80: // negation has no operand
	case g.r.IntN(2) == 0:
		n.op |= 8
		n.src = g.reg()
	case shift:
		n.imm = int32(g.r.IntN(32))
	case operation == 0x30 || operation == 0x90:
		n.imm = max(1, g.imm())
	default:
		n.imm = g.imm()
	}
	return n
}

func (g *generator) condition() ins {
	n := ins{op: []uint8{classJMP, classJMP32}[g.r.IntN(2)], dst: g.reg()}
	n.op |= []uint8{0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70, 0xa0, 0xb0, 0xc0, 0xd0}[g.r.IntN(11)]
	if g.r.IntN(3) == 0 {
		n.op |= 8
		n.src = g.reg()
	} else {
		n.imm = g.imm()
	}
	return n
}

// calling is a call, and numbers for the registers that it leaves without one.
func (g *generator) calling() statement {
	s := statement{code: []ins{{op: opCall, imm: randomHelper}}}
	if g.r.IntN(2) == 0 {
		s.code[0] = ins{op: opCall, src: 1}
	}
	for _, reg := range g.own {
		if reg >= 1 && reg <= 5 {
			s.code = append(s.code, ins{op: opMov, dst: reg, src: 0})
		}
	}
	return s
}

// fixed loads from the stack or stores to it.
func (g *generator) fixed() statement {
	size := sizes[g.r.IntN(len(sizes))]
	n := ins{off: g.slot() + int16(g.r.IntN(8/size.n)*size.n)}
	switch g.r.IntN(5) {
	case 0, 1:
		n.op, n.dst, n.src = 0x61&^0x18|size.bits, g.reg(), 10
	case 2:
		n.op, n.dst, n.imm = 0x62&^0x18|size.bits, 10, g.imm()
	default:
		n.op, n.dst, n.src = 0x63&^0x18|size.bits, 10, g.reg()
	}
	return statement{code: []ins{n}}
}

// variable does so at an offset that depends on a number.
func (g *generator) variable() statement {
	address, value := uint8(8), g.reg()
	s := statement{code: []ins{
		{op: opMov, dst: address, src: g.reg()},
		{op: opAndImm, dst: address, imm: []int32{1, 4, 7, 8, 15}[g.r.IntN(5)]},
	}}
	if g.own[len(g.own)-1] < address || value == address { // a loop counts in it, or it is needed
		return g.fixed()
	}
	if !contains8(g.own, address) {
		return g.fixed()
	}
	temporary := uint8(0)
	if value == temporary {
		return g.fixed()
	}
	s.code = append(s.code, ins{op: opMov, dst: temporary, src: 10}, ins{op: opAddReg, dst: temporary, src: address})
	off := g.slot()
	off = max(off, -stackUsed+0)
	off = min(off, -16)
	if g.r.IntN(2) == 0 {
		s.code = append(s.code, ins{op: 0x71, dst: value, src: temporary, off: off})
	} else {
		s.code = append(s.code, ins{op: 0x73, dst: temporary, src: value, off: off})
	}
	s.code = append(s.code, ins{op: opMovImm, dst: temporary, imm: g.imm()})
	return s
}

func contains8(list []uint8, n uint8) bool {
	for _, x := range list {
		if x == n {
			return true
		}
	}
	return false
}
