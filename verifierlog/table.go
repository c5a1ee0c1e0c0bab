package verifierlog

// table says which table of an analysis the scanner is in, if any.
type table uint8

const (
	noTable   table = iota
	insnTable       // rows "  0: (b7) r0 = 0", with uses, arguments, … behind
	liveTable       // rows "  1   0: 0......... (b7) r0 = 0"
	numTables
)

// tableHead reads the lines that begin a table, and those that stand alone
// between tables (kernel/bpf/liveness.c, sort_subprogs_topo).
func (s *Scanner) tableHead(t []byte) bool {
	switch {
	case hasPrefix(t, "subprog#") && (hasSuffix(t, ":") || hasSuffix(t, "...")),
		hasPrefix(t, "stack use/def subprog#"), hasPrefix(t, "arg JOIN insn "):
		s.table = insnTable
	case hasPrefix(t, "Live regs before insn:"):
		s.table = liveTable
	case hasPrefix(t, "topo_order["):
	default:
		return false
	}
	s.node.Kind = KindTable
	return true
}

// inTable reads a row. A line that is none ends the table; the walk that
// follows begins with a state, never with a row.
func (s *Scanner) inTable(t []byte) bool {
	c := cursor{b: t}
	c.spaces()
	n, ok := c.digits()
	if ok && s.table == liveTable && c.peek() == ' ' { // number of the component
		c.spaces()
		n, ok = c.digits()
	}
	if ok && c.lit(": ") {
		rest := c.rest()
		op, insn := opcode(rest)
		switch {
		case s.table == insnTable && (insn || hasPrefix(rest, "BUG_")),
			s.table == liveTable && isLiveMask(rest):
			s.node.Kind, s.node.Insn, s.node.Opcode = KindTable, n, op
			return true
		}
	}
	if !hasPrefix(t, "arg JOIN insn ") {
		s.table = noTable
	}
	return false
}

// isLiveMask: "0.2......9 ", a digit for each register that is alive.
func isLiveMask(t []byte) bool {
	if len(t) < 11 || t[10] != ' ' {
		return false
	}
	for i, b := range t[:10] {
		if b != '.' && b != '0'+byte(i) {
			return false
		}
	}
	return true
}
