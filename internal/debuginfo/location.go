package debuginfo

import "github.com/go-delve/delve/pkg/dwarf/op"

// LocationKind says where a variable is.
type LocationKind uint8

// The kinds. Computed means that the value is nowhere as such, but follows
// from registers; Entry that it is what a register held when the function began.
const (
	InRegister LocationKind = iota + 1
	OnStack
	Constant
	Entry
	Computed
)

// Location is where a variable, or a part of it, is.
type Location struct {
	Kind     LocationKind
	Register int   // of InRegister and Entry: rN
	Offset   int64 // of OnStack: from the frame pointer, negative
	Value    int64 // of Constant
	From     []int // of Computed: the registers
	// Bytes of the variable that are there; PartSize is 0 for all of them.
	PartOffset, PartSize int64

	biased bool // Offset is relative to the other end of the frame
	stack  bool // Computed: the value is the stack address Offset
}

// noRegister is what a register number of an expression cannot be.
const noRegister = -1

// operand is a value on the expression stack: a register plus a constant, or
// something that depends on the registers in from.
type operand struct {
	reg    int // noRegister for a constant
	k      int64
	mixed  bool // neither of both: only from is right
	from   []int
	biased bool // an fbreg
}

// parseLocation reads a location expression (DWARF 5, 2.6). A symbolic reading
// is wanted, so delve's interpreter, which computes values, is no help.
// What is not understood has no location.
func parseLocation(expr []byte) []Location {
	var (
		out   []Location
		stack []operand
		value bool // DW_OP_stack_value
		reg   = noRegister
		part  int64
		bad   bool
	)
	push := func(o operand) { stack = append(stack, o) }
	pop := func() operand {
		if len(stack) == 0 {
			bad = true
			return operand{}
		}
		o := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		return o
	}
	take := func(partSize int64) {
		l, ok := location(stack, value, reg)
		if ok {
			l.PartOffset, l.PartSize = part, partSize
			out = append(out, l)
		}
		part += partSize
		stack, value, reg = nil, false, noRegister
	}
	r := &buf{data: expr}
	for r.off < len(expr) && !bad && !r.bad && len(stack) < maxNesting {
		switch o := op.Opcode(r.u8()); {
		case o >= op.DW_OP_reg0 && o <= op.DW_OP_reg31:
			reg = int(o - op.DW_OP_reg0)
		case o == op.DW_OP_regx:
			reg = int(r.uleb() & 0xff)
		case o >= op.DW_OP_breg0 && o <= op.DW_OP_breg31:
			n := int(o - op.DW_OP_breg0)
			push(operand{reg: n, k: r.sleb(), from: []int{n}, biased: n == framePointer})
		case o == op.DW_OP_fbreg:
			push(operand{reg: framePointer, k: r.sleb(), from: []int{framePointer}, biased: true})
		case o >= op.DW_OP_lit0 && o <= op.DW_OP_lit31:
			push(operand{reg: noRegister, k: int64(o - op.DW_OP_lit0)})
		case o == op.DW_OP_constu:
			push(operand{reg: noRegister, k: int64(r.uleb())})
		case o == op.DW_OP_consts:
			push(operand{reg: noRegister, k: r.sleb()})
		case o >= op.DW_OP_const1u && o <= op.DW_OP_const8s:
			push(operand{reg: noRegister, k: constant(r, o)})
		case o == op.DW_OP_plus_uconst:
			a := pop()
			a.k += int64(r.uleb())
			push(a)
		case o == op.DW_OP_plus || o == op.DW_OP_minus:
			b, a := pop(), pop()
			switch {
			case b.reg != noRegister || b.mixed || a.mixed:
				push(mix(a, b))
			case o == op.DW_OP_plus:
				a.k += b.k
				push(a)
			default:
				a.k -= b.k
				push(a)
			}
		case o == op.DW_OP_and || o == op.DW_OP_or || o == op.DW_OP_xor || o == op.DW_OP_mul || o == op.DW_OP_div ||
			o == op.DW_OP_mod || o == op.DW_OP_shl || o == op.DW_OP_shr || o == op.DW_OP_shra:
			b, a := pop(), pop()
			push(mix(a, b))
		case o == op.DW_OP_neg || o == op.DW_OP_not || o == op.DW_OP_abs || o == op.DW_OP_deref:
			push(mix(pop(), operand{}))
		case o == op.DW_OP_deref_size:
			r.u8()
			push(mix(pop(), operand{}))
		case o == opConvert || o == opReinterpret:
			// Widths are not followed: the value depends on the same registers.
			r.uleb()
			push(mix(pop(), operand{}))
		case o == opEntryValue || o == opGNUEntryValue:
			inner := parseLocation(r.skip(int(r.uleb() & 0xff)))
			if len(inner) != 1 || inner[0].Kind != InRegister || r.off == len(expr) || op.Opcode(r.u8()) != op.DW_OP_stack_value {
				return nil
			}
			return []Location{{Kind: Entry, Register: inner[0].Register}}
		case o == op.DW_OP_stack_value:
			value = true
		case o == op.DW_OP_piece:
			n := r.uleb()
			if n == 0 || n > 1<<32 {
				return nil
			}
			take(int64(n))
		default:
			return nil
		}
	}
	if bad || r.bad {
		return nil
	}
	if part == 0 {
		take(0)
	}
	return out
}

// location makes a Location of what an expression, or one piece of it, left.
func location(stack []operand, value bool, reg int) (Location, bool) {
	if reg != noRegister {
		return Location{Kind: InRegister, Register: reg}, reg < framePointer
	}
	if len(stack) != 1 {
		return Location{}, false // an empty piece: optimised out
	}
	switch o := stack[0]; {
	case value && o.mixed:
		return Location{Kind: Computed, From: o.from}, true
	case value && o.reg == noRegister:
		return Location{Kind: Constant, Value: o.k}, true
	case value && o.reg == framePointer:
		return Location{Kind: Computed, From: o.from, Offset: o.k, biased: o.biased, stack: true}, true
	case value && o.k == 0:
		return Location{Kind: InRegister, Register: o.reg}, true
	case value:
		return Location{Kind: Computed, From: o.from}, true
	case o.reg == framePointer && !o.mixed:
		return Location{Kind: OnStack, Offset: o.k, biased: o.biased}, true
	}
	return Location{}, false // in memory that a register points to
}

// mix is a value that depends on two operands in a way that is not followed.
func mix(a, b operand) operand {
	return operand{reg: noRegister, mixed: true, from: append(append([]int(nil), a.from...), b.from...)}
}

func constant(r *buf, o op.Opcode) int64 {
	switch o {
	case op.DW_OP_const1u:
		return int64(r.u8())
	case op.DW_OP_const1s:
		return int64(int8(r.u8()))
	case op.DW_OP_const2u:
		return int64(r.u16())
	case op.DW_OP_const2s:
		return int64(int16(r.u16()))
	case op.DW_OP_const4u:
		return int64(r.u32())
	case op.DW_OP_const4s:
		return int64(int32(r.u32()))
	}
	return int64(r.u64())
}

const framePointer = 10

// Opcodes of DWARF 5 that delve's list, which ends with DWARF 4, lacks.
const (
	opEntryValue    = 0xa3
	opConvert       = 0xa8
	opReinterpret   = 0xa9
	opGNUEntryValue = 0xf3
)
