package verifierlog

// State is what the verifier knows of one frame: the registers and stack slots
// that it printed (print_verifier_state in kernel/bpf/log.c). A state printed
// behind an instruction has only what changed.
//
// The zero State is ready for Parse. A State that is parsed into again reuses
// its memory; its strings stay valid all the same.
type State struct {
	Frame  int     // call depth, 0 outermost
	Values []Value // registers, then stack slots, in the order of the log
	Refs   []int   // ids of the references, locks and sections held: "refs=2,5"

	Callback      bool // "cb": the frame is a callback's
	AsyncCallback bool // "async_cb"

	// Other is every word that the grammar does not have, as printed.
	Other []string

	names interner
	types map[string]valueType
}

// Live is a set of liveness marks, printed behind the name of a register or
// slot by Linux before 6.18: "R1_w=0", "fp-8_rw=mmmmmmmm".
type Live uint8

const (
	LiveRead    Live = 1 << iota // _r
	LiveWritten                  // _w
	LiveDone                     // _D
)

// Base is the kind of a value (enum bpf_reg_type, as reg_type_str prints it).
type Base uint8

const (
	NotInit    Base = iota // "?": never written
	Scalar                 // "scalar", "inv" before Linux 5.18, or a bare number
	Ctx                    // "ctx"
	MapPtr                 // "map_ptr": the map itself
	MapValue               // "map_value"
	MapKey                 // "map_key"
	FramePtr               // "fp-8": address of the stack
	Packet                 // "pkt"
	PacketMeta             // "pkt_meta"
	PacketEnd              // "pkt_end"
	FlowKeys               // "flow_keys"
	Socket                 // "sock"
	SockCommon             // "sock_common"
	TCPSock                // "tcp_sock"
	XDPSock                // "xdp_sock"
	TPBuffer               // "tp_buffer"
	BTFPtr                 // "ptr_task_struct": a kernel type, named in Value.TypeName
	Mem                    // "mem"
	Buf                    // "buf"
	FuncPtr                // "func": a callback's address
	InsnPtr                // "insn": an address for gotox
	DynptrPtr              // "dynptr_ptr": a dynptr given to the program
	Arena                  // "arena"
	StackBytes             // a stack slot without a value of its own: "mmmm????"
	Dynptr                 // a stack slot: "dynptr_ringbuf(…)", kind in TypeName
	Iter                   // a stack slot: "iter_num(…)", kind in TypeName
	OtherType              // none of these; Type has the word

	numBases
)

// TypeFlags are the prefixes and the suffix of a type.
type TypeFlags uint16

const (
	MaybeNull TypeFlags = 1 << iota // "_or_null", "ptr_or_null_"
	ReadOnly                        // "rdonly_"
	Ringbuf                         // "ringbuf_", "alloc_mem" before Linux 5.17
	User                            // "user_"
	Percpu                          // "percpu_"
	RCU                             // "rcu_"
	Untrusted                       // "untrusted_"
	Trusted                         // "trusted_"
	Alloc                           // "alloc_": from bpf_obj_new and the like
	NonOwning                       // "non_own_ref" among the attributes
)

// Value is one register or stack slot.
type Value struct {
	// Reg is the register, 0 to 10, or -1 for a stack slot.
	Reg int
	// Slot is the stack slot's offset from the frame pointer, -8, -16, …; the
	// first of its eight bytes.
	Slot int
	Live Live
	// Bytes has one letter for each byte of a slot, from the highest address:
	// 'm' written, '0' zero, '?' never written, 'r' part of a spilled register,
	// 'd' dynptr, 'i' iterator, 'f' saved IRQ flags, 'p' poisoned. Beside a
	// spilled value it has only the bytes above it, often none.
	Bytes string

	Base     Base
	Flags    TypeFlags
	Type     string // as printed: "map_value_or_null", "" for a bare number
	TypeName string // kernel type of a BTFPtr; kind of a Dynptr or Iter

	Precise bool // "P": an exact value matters for pruning
	// Const says that the value is Number: of a scalar, the value; of a
	// pointer, its whole variable part.
	Const  bool
	Number int64

	ID       int   // copies of one value have the same; 0 without one
	AddConst int64 // "id=3+8": the value of id 3, plus 8
	// RefID is "ref_obj_id=", "ref_id=": the reference that it owns or borrows
	// from. Linux 7.2 and later print an owner's as ID, a borrower's as ParentID.
	RefID    int
	ParentID int   // "parent_id=", "dynptr_id=": what it was derived from
	Offset   int64 // "off=": fixed part of the offset; of a FramePtr, its distance from the frame pointer
	FrameNo  int   // FramePtr: frame whose stack it points to, -1 if not printed
	Range    int64 // "r=": bytes of the packet that may be accessed
	MemSize  int64 // "sz=", "mem_size="
	Map      string
	KeySize  int // "ks="
	ValSize  int // "vs="

	Bounds Bounds // of a scalar, or of the variable part of a pointer's offset

	IterState string // "active", "drained"
	IterDepth int

	// Other are the attributes that the grammar does not have, as printed.
	Other      []string
	offPrinted bool // decides how "imm=" is written

	// Start and End delimit the value (with its name) in the text parsed.
	Start, End int
}

// Bounds are the ranges of a number. All fields hold what is true, also those
// that the kernel left out because they follow from the others.
type Bounds struct {
	Smin, Smax     int64
	Umin, Umax     uint64
	Smin32, Smax32 int32
	Umin32, Umax32 uint32
	// Known bits: a bit that is set in Mask is unknown, and 0 in Value.
	Value, Mask uint64
	// Printed says which the log has.
	Printed BoundSet
}

// BoundSet is a set of printed bounds.
type BoundSet uint16

const (
	PrintedSmin BoundSet = 1 << iota
	PrintedSmax
	PrintedUmin
	PrintedUmax
	PrintedSmin32
	PrintedSmax32
	PrintedUmin32
	PrintedUmax32
	PrintedVarOff
)
