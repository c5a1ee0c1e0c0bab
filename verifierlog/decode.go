package verifierlog

// decode reads the text of one instruction. Its forms are those of
// print_bpf_insn since Linux 4.14; the opcode tells apart only what looks the
// same (a 64-bit constant from a plain one).
func decode(index int, code uint8, text []byte) Insn {
	i := Insn{Index: index, Opcode: code, Dst: -1, Src: -1, Mem: Address{Base: -1}, Target: -1, FuncID: -1, Wide: true}
	c := cursor{b: text}
	c.lit("probe ") // an atomic access to arena memory, after verification
	c.narrow()
	switch c.peek() {
	case 'r', 'w':
		i.assignment(&c)
	case '*':
		i.store(&c)
	case 'i':
		i.condition(&c)
	case 'g', 'm':
		i.jump(&c)
	case 'c':
		i.call(&c)
	case 'l':
		i.lock(&c)
	case 's':
		if c.lit("store_release(") && c.address(&i.Mem) && c.lit(", ") {
			i.Op, i.Operator = OpAtomic, "store_release"
			i.Src, _ = c.reg()
		}
	case 'e':
		if c.lit("exit") {
			i.Op = OpExit
		}
	case 'n':
		if c.lit("nospec") {
			i.Op = OpBarrier
		}
	}
	if i.Op == OpUnknown { // nothing half read
		return Insn{Index: index, Opcode: code, Dst: -1, Src: -1, Mem: Address{Base: -1}, Target: -1, FuncID: -1}
	}
	return i
}

// reg reads "r3" or "w3".
func (c *cursor) reg() (n int, wide bool) {
	from := c.i
	wide = c.byte('r')
	if wide || c.byte('w') {
		if n, ok := c.digits(); ok && n < 16 {
			return n, wide
		}
	}
	c.i = from
	return -1, false
}

// narrow reads the cast that marked 32-bit arithmetic before Linux 5.1:
// "(u32) r1 += (u32) r2".
func (c *cursor) narrow() bool { return c.lit("(u32) ") }

// memory reads "*(u32 *)", "(s8 *)" and such.
func (c *cursor) memory() (size int, signed, ok bool) {
	c.byte('*')
	if !c.byte('(') {
		return 0, false, false
	}
	signed = c.peek() == 's'
	if !c.byte('s') && !c.byte('u') {
		return 0, false, false
	}
	bits, ok := c.digits()
	return bits / 8, signed, ok && c.lit(" *)")
}

// address reads "*(u32 *)(r1 +8)", with or without the first star.
func (c *cursor) address(m *Address) bool {
	size, _, ok := c.memory()
	if !ok || !c.byte('(') {
		return false
	}
	base, _ := c.reg()
	c.spaces()
	off, ok := c.signed()
	if base < 0 || !ok || !c.byte(')') {
		return false
	}
	*m = Address{Base: base, Offset: off, Size: size}
	return true
}

// operand reads a register or a constant.
func (i *Insn) operand(c *cursor) bool {
	c.narrow()
	if r, _ := c.reg(); r >= 0 {
		i.Src = r
		return true
	}
	v, ok := c.number()
	i.Imm, i.HasImm = int64(v), ok
	return ok
}

// assignment reads what begins with a register.
func (i *Insn) assignment(c *cursor) {
	i.Dst, i.Wide = c.reg()
	if i.Opcode&7 == 4 { // BPF_ALU, also in the old form
		i.Wide = false
	}
	if i.Dst < 0 || !c.byte(' ') {
		return
	}
	op := c.until(' ')
	c.spaces()
	switch string(op) {
	case "=":
		i.assigned(c)
	case "neg":
		i.Op = OpNeg
	case "endian":
		i.Op, i.Operator = OpByteOrder, "le"
		if i.Opcode&8 != 0 {
			i.Operator = "be"
		}
		c.narrow()
		n, _ := c.digits()
		i.Mem.Size = n / 8
	default:
		i.Operator = operator(op)
		if i.Operator != "" && i.operand(c) {
			i.Op = OpALU
		}
	}
}

// assigned reads what follows "r1 = ".
func (i *Insn) assigned(c *cursor) {
	switch c.peek() {
	case '*':
		i.load(c)
	case 'b', 'l':
		i.byteOrder(c)
	case 'a':
		if c.lit("addr_space_cast(") {
			i.arenaCast(c)
			return
		}
		i.atomic(c)
	case '&':
		if c.lit("&(void __percpu *)(") {
			i.Src, _ = c.reg()
			i.Op = OpPercpu
		}
	case '(':
		if !c.narrow() && c.lit("(s") {
			i.SignExtend, _ = c.digits()
			c.byte(')')
		}
		i.move(c)
	case '-':
		if next := (cursor{b: c.b, i: c.i + 1}); next.peek() == 'r' || next.peek() == 'w' {
			i.Op = OpNeg
			return
		}
		fallthrough
	default:
		i.move(c)
	}
}

// move reads the register or constant that is assigned.
func (i *Insn) move(c *cursor) {
	if !i.operand(c) {
		return
	}
	if i.Op = OpMov; i.Opcode == 0x18 && i.HasImm { // BPF_LD | BPF_IMM | BPF_DW
		i.Op = OpLoadImm
	}
}

// arenaCast reads the rest of "r1 = addr_space_cast(r2, 0, 1)". As in the
// instruction, Imm has the space cast to in its upper half, that cast from in
// the lower.
func (i *Insn) arenaCast(c *cursor) {
	i.Src, _ = c.reg()
	c.lit(", ")
	to, _ := c.signed()
	c.lit(", ")
	from, ok := c.signed()
	if i.Src >= 0 && ok && c.byte(')') {
		i.Op, i.HasImm, i.Imm = OpArenaCast, true, int64(to)<<16|int64(from)
	}
}

// load reads "*(u32 *)(r2 +8)", "*(u16 *)skb[12]", "*(u16 *)skb[r7 + 12]".
func (i *Insn) load(c *cursor) {
	at := *c
	size, signed, ok := c.memory()
	if !ok {
		return
	}
	if c.lit("skb[") {
		i.Op = OpLoadAbs
		if r, _ := c.reg(); r >= 0 {
			i.Op, i.Src = OpLoadInd, r
			c.lit(" + ")
		}
		v, _ := c.number()
		i.Imm, i.HasImm = int64(v), true
		i.Mem.Size = size
		return
	}
	if at.address(&i.Mem) {
		i.Op = OpLoad
		if signed {
			i.SignExtend = size * 8
		}
		*c = at
	}
}

func (i *Insn) byteOrder(c *cursor) {
	for _, name := range [...]string{"be", "le", "bswap"} {
		at := *c
		if at.lit(name) {
			if bits, ok := at.digits(); ok {
				i.Op, i.Operator, i.Mem.Size = OpByteOrder, name, bits/8
				return
			}
		}
	}
	if c.lit("load_acquire(") && c.address(&i.Mem) {
		i.Op, i.Operator, i.Fetch = OpAtomic, "load_acquire", true
	}
}

// atomic reads "atomic64_fetch_add((u64 *)(r1 +0), r2)",
// "atomic_cmpxchg((u32 *)(r1 +0), r0, r2)".
func (i *Insn) atomic(c *cursor) {
	name := c.until('(')
	i.Operator = atomicOperator(name)
	if i.Operator == "" || !c.byte('(') || !c.address(&i.Mem) || !c.lit(", ") {
		return
	}
	if i.Operator == "cmpxchg" {
		c.lit("r0, ")
	}
	if i.Src, _ = c.reg(); i.Src >= 0 {
		i.Op, i.Fetch = OpAtomic, true
	}
}

// lock reads "lock *(u64 *)(r1 +0) += r2".
func (i *Insn) lock(c *cursor) {
	if !c.lit("lock ") || !c.address(&i.Mem) || !c.byte(' ') {
		return
	}
	i.Operator = operator(c.until(' '))
	c.spaces()
	if i.Src, _ = c.reg(); i.Src >= 0 && i.Operator != "" {
		i.Op = OpAtomic
	}
}

// store reads "*(u32 *)(r1 +8) = r2", "… = 5".
func (i *Insn) store(c *cursor) {
	if c.address(&i.Mem) && c.lit(" = ") && i.operand(c) {
		i.Op = OpStore
	}
}
