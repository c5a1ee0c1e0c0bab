package verifierlog

// Kind says what a node is. The set is closed: text that fits nowhere is
// KindUnknown, and no other kind will carry it.
type Kind uint8

const (
	// KindUnknown is damaged text: the torn first line of a log that lost its
	// head, binary bytes, punctuation without a word. A complaint of the
	// kernel is never Unknown.
	KindUnknown Kind = iota
	// KindBlank is an empty line (the kernel prints one before "from 3 to 7:"
	// and between the sections of a report).
	KindBlank
	// KindInsn is an instruction on the path, "12: (b7) r0 = 0". Fields: Insn,
	// Opcode; Text is the disassembly after the opcode, "r0 = 0". See
	// [Node.Decode].
	KindInsn
	// KindSource is a source line, "; return v->x; @ prog.c:31" (Linux 6.9 and
	// later) or "; return v->x;". Text is the source alone; File, SourceLine.
	KindSource
	// KindState is a register and stack state: alone on its line, after an
	// instruction ("; R0_w=0"), after a branch ("from 3 to 7: R0=…") or at the
	// end of a precision line. Insn is the instruction that it is printed
	// with, see there; Frame the call depth. Text begins at the frame or the
	// first register. See [Node.State].
	KindState
	// KindBranch is the begin of another path, "from 12 to 20:", or the end of
	// one that a state already explored covers: "from 12 to 20: safe",
	// "20: safe". Fields: From (-1 in "20: safe"), Insn, Speculative, Safe.
	// What follows "from 12 to 20:" on the line is a node of its own, a state.
	KindBranch
	// KindPrecision is a line of mark_chain_precision, in which the verifier
	// goes the path back to find out on what a value depends. Form is one of
	// the Precision… forms. See [Node.Precision].
	KindPrecision
	// KindFunc is a line on one function of the program: Form is one of the
	// Func… forms, Func its number; Insn its first instruction (FuncStart),
	// Name its name where the kernel prints one.
	KindFunc
	// KindCall is a line around the states printed at a call and a return:
	// Form is one of the Call… forms; Insn in CallResume. States follow on
	// lines of their own.
	KindCall
	// KindNote is a remark on the way that is neither state nor complaint:
	// loop and widening notes, strongly connected components, "frame1
	// bpf_loop iteration limit reached".
	KindNote
	// KindTable is a line of a table that an analysis prints before the walk
	// (Linux 6.15 and later, level 2): live registers, uses and definitions of
	// stack slots, arguments tracked. It shows instructions, but not a path.
	KindTable
	// KindMessage is a line of the kernel's complaint. Adjacent Message nodes
	// are one complaint.
	KindMessage
	// KindStats is a line of print_verification_stats. See [Stats.Read].
	KindStats
	// KindReport is a line of the report that Linux 7.3 and later append to a
	// complaint. Form is ReportTitle, ReportSection or ReportBody, Name the
	// section that the line belongs to ("Reason", "At", "Causal path", …).
	KindReport

	numKinds
)

var kindNames = [numKinds]string{
	"unknown", "blank", "insn", "source", "state", "branch", "precision",
	"func", "call", "note", "table", "message", "stats", "report",
}

func (k Kind) String() string {
	if k < numKinds {
		return kindNames[k]
	}
	return "invalid"
}

// Form tells apart the lines of one kind.
type Form uint8

const (
	FormNone Form = iota

	FuncStart      // "func#1 @12": function 1 begins at instruction 12
	FuncValidating // "Validating f() func#1...": its own walk begins
	FuncAssumed    // "Func#1 ('f') is global and assumed valid.": a call that is not followed
	FuncSafe       // "Func#1 ('f') is safe for any args that match its prototype": its walk is over

	CallCaller    // "caller:", the state of the calling frame follows
	CallCallee    // "callee:", the state of the new frame follows
	CallReturning // "returning from callee:", the state of the frame that ends follows
	CallResume    // "to caller at 12:", the state of the frame that goes on follows

	PrecisionRange     // "mark_precise: frame0: last_idx 9 first_idx 4 …": the stretch that is gone back
	PrecisionBefore    // "mark_precise: frame0: regs=r2 stack= before 8: (bf) r2 = r6": one step back
	PrecisionParent    // "mark_precise: frame0: parent state regs= stack=: …": a state is reached, which follows as a node
	PrecisionFallback  // "mark_precise: frame0: falling back to forcing all scalars precise"
	PrecisionForced    // "force_precise: frame0: forcing r3 to be precise"
	PrecisionPropagate // "frame 0: propagating r1,fp-8"

	ReportTitle   // "Verification failed: Memory Safety: Access outside bounds"
	ReportSection // "Reason:"
	ReportBody    // anything in a section

	numForms
)

var formNames = [numForms]string{
	"", "start", "validating", "assumed", "safe", "caller", "callee", "returning", "resume",
	"range", "before", "parent", "fallback", "forced", "propagate", "title", "section", "body",
}

func (f Form) String() string {
	if f < numForms {
		return formNames[f]
	}
	return "invalid"
}

// Node is a piece of a log: a line, or one of two or three that a line has.
// All nodes' Raw, joined, is the input.
//
// A node holds no memory of its own. Its byte slices point into the scanner's
// buffer and are valid until the next Scan.
type Node struct {
	Kind Kind
	Form Form

	// Raw is the node's text as it is in the input, with its line end if it
	// has one (LF, CRLF).
	Raw []byte
	// Text is the part of Raw that says something: without line end, number,
	// padding and separator. Kinds say more.
	Text []byte
	// Line counts from 1; nodes of one line share it. Offset is that of Raw's
	// first byte from the start of the input.
	Line   int
	Offset int64
	// Partial marks the pieces of a line longer than the scanner holds
	// (MaxLine); all but the first are Unknown.
	Partial bool

	// Insn is the number of an instruction, -1 without one:
	//   - KindInsn: its own, which is its index in the program;
	//   - KindState: the one that the state is printed with. In "12: (b7) r0 =
	//     0 ; R0=0" it is 12, and the state is that behind instruction 12; in
	//     "12: R0=0" (on a line of its own or behind a jump) it is 12 too, and
	//     the state is that in front of it. After says which.
	//   - KindBranch: the target; KindCall: where the caller goes on;
	//   - KindPrecision: the step in PrecisionBefore.
	Insn int
	// After is set on states printed behind an instruction. In "; R0_w=0" on the
	// instruction's line they are what it changed; before Linux 5.17, on the
	// line below a conditional jump, they are complete. Other states are those
	// in front of instruction Insn, or of a call's frames.
	After bool

	Opcode uint8 // KindInsn, KindPrecision: first byte of the instruction
	// Frame is the call depth, 0 for the outermost function: of states and
	// precision lines.
	Frame int

	From        int  // KindBranch: the jump, -1 if the line does not say
	Speculative bool // KindBranch: only under speculative execution
	Safe        bool // KindBranch: covered by a state already explored

	Func int    // KindFunc: number of the function, -1 without
	Name []byte // KindFunc: its name; KindReport: its section

	File       []byte // KindSource: base name of the source file, nil before Linux 6.9
	SourceLine int    // KindSource: line in it, 0 if not printed
}
