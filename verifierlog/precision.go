package verifierlog

import "bytes"

// Precision is a decoded precision line. Sets of registers and slots are bit
// masks: bit n of Regs is rN, bit n of Stack the slot fp-8(n+1).
type Precision struct {
	Form  Form
	Frame int
	Regs  uint16
	Stack uint64
	// Last, First and Subseq are the indexes of a PrecisionRange, -1 without.
	Last, First, Subseq int
	// NewMarks is false in "parent already had …", Linux before 6.5.
	NewMarks bool
	// Insn is the instruction of a PrecisionBefore, see [Node.Decode].
	Insn Insn
}

// precision reads the lines of mark_chain_precision and propagate_precision
// (kernel/bpf/backtrack.c; verifier.c in older ones). The state at the end
// of a line is a node of its own.
func (s *Scanner) precision(raw, t []byte) int {
	n := &s.node
	c := cursor{b: t}
	marked := c.lit("mark_precise: ") || c.lit("force_precise: ")
	if marked || hasPrefix(t, "frame ") {
		if !c.lit("frame") {
			return 0
		}
		c.spaces()
		var ok bool
		if n.Frame, ok = c.digits(); !ok || !c.lit(": ") {
			return 0
		}
	}
	switch {
	case c.lit("regs="):
		n.Form = PrecisionBefore
		i := bytes.Index(c.rest(), []byte(" before "))
		if i < 0 {
			return 0
		}
		c.i += i + len(" before ")
		var ok bool
		if n.Insn, ok = c.digits(); !ok || !c.lit(": ") {
			return 0
		}
		n.Opcode, _ = opcode(c.rest())
	case c.lit("last_idx "):
		n.Form = PrecisionRange
	case c.lit("parent state regs="), c.lit("parent didn't have regs="), c.lit("parent already had regs="):
		n.Form = PrecisionParent
		i := bytes.IndexByte(c.rest(), ':')
		if i < 0 { // before Linux 5.17, with the state on the line above
			break
		}
		if end := c.i + i + 1; len(trimSpaces(t[end:])) > 0 {
			n.Kind, n.Text = KindPrecision, t[:end]
			return end
		}
	case marked && c.lit("falling back to forcing all scalars precise"):
		n.Form = PrecisionFallback
	case marked && c.lit("forcing "):
		n.Form = PrecisionForced
	case c.lit("propagating r"), c.lit("propagating fp-"):
		if !isDigit(c.peek()) {
			return 0
		}
		n.Form = PrecisionPropagate
	default:
		return 0
	}
	n.Kind = KindPrecision
	return len(raw)
}

// Precision reads a KindPrecision node.
func (n *Node) Precision() Precision {
	p := Precision{Form: n.Form, Frame: n.Frame, Last: -1, First: -1, Subseq: -1, NewMarks: true}
	c := cursor{b: n.Text}
	switch n.Form {
	case PrecisionRange:
		for !c.done() {
			word := c.until(' ')
			c.spaces()
			v, ok := c.signed()
			switch {
			case !ok:
			case string(word) == "last_idx":
				p.Last = v
			case string(word) == "first_idx":
				p.First = v
			case string(word) == "subseq_idx":
				p.Subseq = v
			}
			c.spaces()
		}
	case PrecisionBefore, PrecisionParent:
		p.NewMarks = !hasPrefix(n.Text, "parent already")
		i := bytes.Index(n.Text, []byte("regs="))
		if i < 0 {
			break
		}
		c.i = i + len("regs=")
		p.Regs = uint16(c.mask())
		if c.spaces(); c.lit("stack=") {
			p.Stack = c.mask()
		}
		if c.lit(" before ") && n.Form == PrecisionBefore {
			index, _ := c.digits()
			c.lit(": ")
			if op, ok := opcode(c.rest()); ok {
				c.i += len("(bf) ")
				p.Insn = decode(index, op, trimSpaces(c.b[min(c.i, len(c.b)):]))
			}
		}
	case PrecisionForced, PrecisionPropagate:
		if i := bytes.LastIndex(n.Text, []byte("ing ")); i >= 0 {
			c.i = i + len("ing ")
			p.Regs, p.Stack = c.named()
		}
	}
	return p
}

// mask reads a set of registers or slots: "r1,r3" and "-8,-16", or one
// hexadecimal number before Linux 6.5.
func (c *cursor) mask() uint64 {
	if c.peek() != 'r' && c.peek() != '-' {
		v, _ := c.hex()
		return v
	}
	var m uint64
	for {
		switch {
		case c.byte('r'):
			if r, ok := c.digits(); ok && r < 64 {
				m |= 1 << r
			}
		case c.peek() == '-':
			m |= c.slotBit()
		}
		if !c.byte(',') {
			return m
		}
	}
}

// named reads "r1,fp-8".
func (c *cursor) named() (regs uint16, stack uint64) {
	for {
		switch {
		case c.byte('r'):
			if r, ok := c.digits(); ok && r < 16 {
				regs |= 1 << r
			}
		case c.lit("fp"):
			stack |= c.slotBit()
		}
		if !c.byte(',') {
			return regs, stack
		}
	}
}

// slotBit reads "-8" as bit 0, "-16" as bit 1.
func (c *cursor) slotBit() uint64 {
	if off, ok := c.signed(); ok && off < 0 && off >= -512 {
		return 1 << uint(-off/8-1) // 0 for an offset that is no slot's
	}
	return 0
}
