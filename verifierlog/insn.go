package verifierlog

// Op is what an instruction does, as coarse as questions about a path are.
type Op uint8

const (
	OpUnknown   Op = iota // text that print_bpf_insn does not print
	OpMov                 // r1 = r2, r1 = 5, w1 = w2, r1 = (s8)r2
	OpALU                 // r1 += r2, w1 s/= 3; Operator "+="
	OpNeg                 // r1 = -r1
	OpByteOrder           // r1 = be16 r1; Operator "be", "le" or "bswap", Mem.Size in bytes
	OpLoad                // r1 = *(u32 *)(r2 +8); SignExtend for s8, s16, s32
	OpStore               // *(u32 *)(r1 +8) = r2, … = 5
	OpAtomic              // lock *(u64 *)(r1 +8) += r2, r2 = atomic64_fetch_add(…)
	OpLoadImm             // r1 = 0xffff… (18): two slots; a constant, or an address
	OpLoadAbs             // r0 = *(u16 *)skb[12]
	OpLoadInd             // r0 = *(u16 *)skb[r7 + 12]
	OpGoto                // goto pc+3, gotol pc-70000
	OpGotoX               // gotox r3: to an address from a jump table
	OpJump                // if r1 s> 0x7 goto pc+3; Operator "s>"
	OpMayGoto             // may_goto pc+3
	OpCall                // call bpf_map_lookup_elem#1, call pc+12
	OpExit                // exit
	OpArenaCast           // r1 = addr_space_cast(r2, 0, 1)
	OpPercpu              // r1 = &(void __percpu *)(r2)
	OpBarrier             // nospec

	numOps
)

var opNames = [numOps]string{
	"unknown", "mov", "alu", "neg", "byteorder", "load", "store", "atomic", "loadimm", "loadabs", "loadind",
	"goto", "gotox", "jump", "maygoto", "call", "exit", "arenacast", "percpu", "barrier",
}

func (o Op) String() string {
	if o < numOps {
		return opNames[o]
	}
	return "invalid"
}

// CallKind is what a call calls.
type CallKind uint8

const (
	CallNone    CallKind = iota
	CallHelper           // "call bpf_map_lookup_elem#1", "call 1" (before 4.10), "call unknown#300"
	CallKfunc            // "call bpf_rcu_read_lock#61234", "call kernel-function"
	CallSubprog          // "call pc+12", "call pc+func_name"
)

func (k CallKind) String() string {
	if k <= CallSubprog {
		return [...]string{"none", "helper", "kfunc", "subprog"}[k]
	}
	return "invalid"
}

// Insn is a decoded instruction. It is read from the text that print_bpf_insn
// (kernel/bpf/disasm.c) prints, so it knows no more than that: the imm of a
// map's address is hidden, and helpers and kfuncs differ by name only.
type Insn struct {
	Index  int   // in the program
	Opcode uint8 // first byte
	Op     Op
	// Operator is "+=", "s/=", "s>>=" of arithmetic, "==", "s<" of a
	// condition, "fetch_add", "xchg", "load_acquire" of an atomic that is no
	// plain "+=", "be" of a byte
	// order.
	Operator string
	// Wide is false for arithmetic and comparison of the lower 32 bits (w1).
	Wide bool
	// Dst is the register written, or compared on the left; Src the register
	// read, stored, or compared on the right. -1 without one. Of loads and
	// stores the address is in Mem.
	Dst, Src int
	HasImm   bool // a constant takes the place of Src
	Imm      int64
	// SignExtend is 8, 16 or 32 where a narrower signed value is widened.
	SignExtend int
	Fetch      bool // OpAtomic: Dst gets the old value
	Mem        Address
	// Target is the index that a jump or a call of a subprogram goes to, -1
	// without or when unknown.
	Target int
	Call   CallKind
	Func   []byte // name of the helper, kfunc or subprogram, into the node's text
	FuncID int    // the number behind #, -1 without
}

// Address is a memory operand, *(u32 *)(r1 +8).
type Address struct {
	Base   int // register, -1 if the instruction has no memory operand
	Offset int
	Size   int // bytes; 0 without
}

// Decode reads the instruction of a KindInsn node. That of a PrecisionBefore
// node is in [Precision].
func (n *Node) Decode() Insn { return decode(n.Insn, n.Opcode, n.Text) }

const (
	callerSaved = 1<<0 | 1<<1 | 1<<2 | 1<<3 | 1<<4 | 1<<5
	arguments   = callerSaved &^ 1
)

// Defs is the set of registers that the instruction writes, bit n for rN. Of
// a call that is r0 to r5: the result, and the arguments that are lost.
func (i *Insn) Defs() uint16 {
	switch i.Op {
	case OpMov, OpALU, OpNeg, OpByteOrder, OpLoad, OpLoadImm, OpArenaCast, OpPercpu:
		return bit(i.Dst)
	case OpAtomic:
		if i.Fetch {
			return bit(i.Dst)
		}
	case OpLoadAbs, OpLoadInd: // as a call: r1 to r5 are lost
		return callerSaved
	case OpCall:
		return callerSaved
	}
	return 0
}

// Uses is the set of registers that the instruction reads. A call's is r1 to
// r5, although few functions take five arguments; an exit's is r0.
func (i *Insn) Uses() uint16 {
	uses := bit(i.Src) | bit(i.Mem.Base)
	switch i.Op {
	case OpALU, OpNeg, OpByteOrder, OpJump:
		uses |= bit(i.Dst)
	case OpAtomic:
		if i.Operator == "cmpxchg" {
			uses |= 1
		}
	case OpLoadAbs, OpLoadInd: // the socket buffer is in r6
		uses |= 1 << 6
	case OpCall:
		uses |= arguments
	case OpExit:
		uses |= 1
	}
	return uses
}

func bit(reg int) uint16 {
	if reg < 0 || reg > 15 {
		return 0
	}
	return 1 << reg
}
