package verifierlog

import (
	"io"
	"math"
)

// A Path is the way that the verifier took to where it gave up (or, of an
// accepted program, the last way that it took): the instructions in execution
// order, across calls and callbacks, with what the verifier knew at each.
//
//	p, err := verifierlog.ReadPath(bytes.NewReader(log))
//	last := p.Len() - 1
//	v, ok := p.Before(last, verifierlog.Reg(p.Step(last).Frame, 1)) // what r1 was
//
// # Which path
//
// A log of level 1 has one path: the kernel takes back what it printed when it
// gives up a branch (bpf_vlog_reset in pop_stack). A log of level 2 has all of
// them, one behind the other. Branches not taken wait on a stack; "from 12 to
// 20:" takes the last one pushed. So the path to it is that up to the last
// visit of 12 that is still waiting, and goes on at 20. What came in between is
// dropped, and so is every path that was found "safe".
//
// Global functions are verified one by one, and so are the callbacks that run
// later (timers, work queues). Each is a walk of its own, with a state of its
// own. For a global function the path holds its walk alone. For a callback it
// holds the steps to the call that set it too, and Begin is where its own walk
// begins: no answer about a value goes back behind Begin.
//
// "BPF program is too large" has no single culprit. The path is then what the
// verifier was at when the limit was reached; [ReadProfile] says where the
// instructions went.
//
// # Memory
//
// A Path does not hold the log. It keeps 24 bytes for each step, and reads the
// text again when it is asked for: the reader must stay usable, and unchanged,
// as long as the Path. A verifier gives up after a million instructions; of
// more than MaxSteps the first are forgotten (Truncated).
//
// Questions about values (Before, Origin, Checks, …) need the states. The first
// question reads those of the whole path once, 8 more bytes a step, and leaves
// at most 256 states behind from which later ones start. A Path is not for use
// by several goroutines at once.
//
// # Steps and places
//
// Steps count from 0 to Len()-1. A place is a register or stack slot of a
// frame, see [Loc]. Methods take a step that does not exist, or a place that
// is none, and find nothing.
type Path struct {
	// Begin is the first step of the walk that failed: 0, or the first of a
	// callback that runs later.
	Begin int
	// Truncated says that the log lost its head: the path begins in the middle.
	Truncated bool
	// Speculative says that the path ends under speculative execution (known
	// at level 2 only).
	Speculative bool
	// Func is the number of the global function that is verified, and Name its
	// name; -1 and "" for the program itself.
	Func int
	Name string
	// Err is the first error in reading the log again. What needed the text
	// then has none.
	Err error

	r       io.ReaderAt
	recs    []record
	resumes map[int32]resume
	entry   resume // text in front of step Begin: the state at the start
	sources sourceTable
	// incremental: the kernel prints behind each instruction what it changed
	// (Linux 5.17 and later).
	incremental bool
	sc          *Scanner
	values      valueIndex
}

// MaxSteps is how many steps a Path holds: what the largest program may take.
const MaxSteps = 1 << 20

// record is what a Path keeps of a step.
type record struct {
	offset int64 // of the instruction in the log
	line   uint32
	insn   uint32
	opcode uint8
	frame  uint8
	flags  recordFlags
}

type recordFlags uint8

const (
	// recResumed: the path was left behind this step and taken up again on
	// another branch. What is printed behind it belongs to the branch given
	// up; the state that counts is in Path.resumes.
	recResumed recordFlags = 1 << iota
	recSpeculative
	recGap     // the log does not say how the path came here
	recReturn  // an exit that a caller goes on behind
	recOneWay  // a call that pushed no branch
	recNowhere // a jump to the next instruction
)

// resume is where text that belongs to a step begins elsewhere.
type resume struct {
	offset int64
	line   int
}

// Step is one instruction on the path.
type Step struct {
	Index int // on the path
	Insn      // Insn.Index is the number of the instruction; Func and the like are own memory
	Frame int // call depth
	Line  int // of the log
	// Source is the line of the program that the instruction belongs to. The
	// kernel prints it only where it changes; Source is empty where the log
	// does not say it.
	Source Source
	// Text is the disassembly, "r0 = *(u32 *)(r1 +8)".
	Text string
	// Speculative steps are not executed, only speculated on.
	Speculative bool
	// Gap: the log does not say how the path came from the step before to this
	// one; part of it is missing.
	Gap bool
}

// Source is a source line as the kernel prints it.
type Source struct {
	Text string
	File string // base name, "" before Linux 6.9
	Line int    // 0 before Linux 6.9
}

// Len is the number of steps.
func (p *Path) Len() int { return len(p.recs) }

// has says whether step i is one that values can be asked about.
func (p *Path) has(i int) bool { return i >= p.Begin && i < len(p.recs) }

// Step gives step i, the zero Step if there is none.
func (p *Path) Step(i int) Step {
	if i < 0 || i >= len(p.recs) {
		return Step{Index: -1, Insn: Insn{Index: -1, Dst: -1, Src: -1, Mem: Address{Base: -1}, Target: -1, FuncID: -1}}
	}
	rec := &p.recs[i]
	s := Step{
		Index: i, Frame: int(rec.frame), Line: int(rec.line), Source: p.sources.of(rec.insn),
		Speculative: rec.flags&recSpeculative != 0, Gap: rec.flags&recGap != 0,
	}
	s.Text = string(p.text(i))
	s.Insn = decode(int(rec.insn), rec.opcode, []byte(s.Text))
	return s
}

// Insn is the number of the instruction at step i, -1 if there is no such step.
// It costs nothing, unlike [Path.Step].
func (p *Path) Insn(i int) int {
	if i < 0 || i >= len(p.recs) {
		return -1
	}
	return int(p.recs[i].insn)
}

// Taken says of the conditional jump at step i whether the path jumps there;
// known is false if the step is none, or the last.
func (p *Path) Taken(i int) (taken, known bool) {
	if i < 0 || i+1 >= len(p.recs) || !isJump(p.recs[i].opcode) {
		return false, false
	}
	return p.recs[i+1].insn != p.recs[i].insn+1, true
}

// Branches are the conditional jumps among the steps from, from+1, … to-1.
func (p *Path) Branches(from, to int) []int {
	var steps []int
	for i := max(from, 0); i < min(to, len(p.recs)); i++ {
		if isJump(p.recs[i].opcode) {
			steps = append(steps, i)
		}
	}
	return steps
}

// Visits are the steps at which instruction insn is executed.
func (p *Path) Visits(insn int) []int {
	var steps []int
	for i := range p.recs {
		if int(p.recs[i].insn) == insn {
			steps = append(steps, i)
		}
	}
	return steps
}

// isJump says whether an opcode is that of a conditional jump (also may_goto).
func isJump(code uint8) bool {
	switch class, op := code&7, code>>4; class {
	case 5: // BPF_JMP
		return op != 0 && op != 8 && op != 9 // goto, call, exit
	case 6: // BPF_JMP32
		return op != 0
	}
	return false
}

const (
	codeCall = 0x85
	codeExit = 0x95
)

// text reads the disassembly of step i. It is valid until the log is read
// again.
func (p *Path) text(i int) []byte {
	rec := &p.recs[i]
	p.sc.Reset(io.NewSectionReader(p.r, rec.offset, 1024))
	if !p.sc.Scan() || p.sc.Node().Kind != KindInsn {
		p.fail(p.sc.Err())
		return nil
	}
	return p.sc.Node().Text
}

func (p *Path) fail(err error) {
	if p.Err == nil && err != nil {
		p.Err = err
	}
}

// wholeLog is a section without an end.
func wholeLog(r io.ReaderAt) io.Reader { return io.NewSectionReader(r, 0, math.MaxInt64) }
