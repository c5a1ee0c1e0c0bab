package verifierlog

// Precision is a decoded precision line. Sets of registers and slots are bit
// masks: bit n of Regs is rN, bit n of Stack the slot fp-8(n+1).
type Precision struct {
	Form  Form
	Frame int
	Regs  uint16
	Stack uint64
	// Last, First and Subseq are the indexes of a PrecisionRange, -1 without.
	Last, First, Subseq int
	// NewMarks is false in "parent already had …", Linux before 6.3.
	NewMarks bool
	// Insn is the instruction of a PrecisionBefore, see [Node.Decode].
	Insn Insn
}

// Precision reads a KindPrecision node.
func (n *Node) Precision() Precision { return Precision{} }
