package verifierlog

import "bytes"

// findWord is how a line of a log begins that has neither instruction nor
// register at its front.
type findWord struct {
	text   string
	shape  findShape
	digit  bool   // a number follows
	within string // the rest of the line contains this
}

func (w *findWord) contains(rest []byte) bool {
	if w.digit && findDigits(rest) == 0 {
		return false
	}
	return w.within == "" || bytes.Contains(rest, []byte(w.within))
}

// findWords has them by first byte. A findComplaint here is one that no other
// program would print; the others are found by what stands next to them.
var findWords = func() (byFirst [256][]findWord) {
	for _, w := range []findWord{
		{"from ", findPath, true, ": R"},
		{"from ", findPath, true, ": safe"},
		{"from ", findPath, true, ": frame"},
		{"from ", findPath, true, " (speculative execution)"},
		{"func#", findPath, true, " @"},
		{"Func#", findPath, true, " is "},
		{"Validating ", findPath, false, "() func#"},
		{"mark_precise: ", findPath, false, "frame"},
		{"last_idx ", findPath, true, " first_idx "},
		{"regs=", findPart, false, ""},
		{"parent ", findPart, false, ""},
		{"frame ", findPart, true, ": propagating "},
		{"frame", findPart, true, ": "},
		{"propagating ", findPart, false, ""},
		{"force_precise: ", findPart, false, ""},
		{"caller:", findPart, false, ""},
		{"callee:", findPart, false, ""},
		{"returning from callee:", findPart, false, ""},
		{"to caller at ", findPart, true, ""},
		{"fp-", findPart, true, "="},
		{"Live regs before insn", findPart, false, ""},

		{"verification time ", findTime, true, " usec"},
		{"stack depth ", findPart, false, ""},
		{"insns processed ", findPart, true, ""},
		{"subprog ", findPart, true, ""},
		{"processed ", findStats, true, " insns"},
		{"Verification failed: ", findComplaint, false, ": "},

		{"invalid access to ", findComplaint, false, "size="},
		{"invalid bpf_context access off=", findComplaint, false, ""},
		{"invalid indirect ", findComplaint, false, "stack"},
		{"invalid unbounded variable-offset ", findComplaint, false, "stack"},
		{"invalid variable-offset ", findComplaint, false, "stack"},
		{"invalid write to stack R", findComplaint, false, ""},
		{"invalid read from stack R", findComplaint, false, ""},
		{"misaligned ", findComplaint, false, " access off "},
		{"dereference of modified ", findComplaint, false, " ptr "},
		{"math between ", findComplaint, false, " is not allowed"},
		{"unreachable insn ", findComplaint, true, ""},
		{"back-edge from insn ", findComplaint, true, ""},
		{"infinite loop detected at insn ", findComplaint, true, ""},
		{"jump out of range from insn ", findComplaint, true, ""},
		{"last insn is not an exit or jmp", findComplaint, false, ""},
		{"BPF program is too large. Processed ", findComplaint, true, ""},
		{"The sequence of ", findComplaint, true, "jumps is too complex"},
		{"combined stack size of ", findComplaint, true, "calls is"},
		{"recursive call from ", findComplaint, false, " to "},
		{"unknown func ", findComplaint, false, "#"},
		{"program of this type cannot use helper ", findComplaint, false, ""},
		{"cannot call GPL-restricted function", findComplaint, false, ""},
		{"Unreleased reference id=", findComplaint, true, ""},
		{"At program exit the register R", findComplaint, true, ""},
		{"arg#", findComplaint, true, " "},
		{"reg type unsupported for arg#", findComplaint, true, ""},
		{"calling kernel function ", findComplaint, false, " is not allowed"},
		{"unknown opcode ", findComplaint, false, ""},
	} {
		byFirst[w.text[0]] = append(byFirst[w.text[0]], w)
	}
	return
}()

// findAboutRegister is how complaints that begin with a register go on.
var findAboutRegister = []string{
	"!read_ok", "invalid mem access", "offset is outside of", "min value is ", "max value is ", "unbounded memory access",
	"pointer arithmetic ", "pointer comparison prohibited", "type=", "leaks addr", "is not a ", "must be ", "has unknown scalar",
	"invalid zero-sized", "bitwise operator", "tried to ", "cannot write into", "must have zero offset", "variable offset",
}
