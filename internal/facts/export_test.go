package facts

// Front is what a register may hold in front of an instruction; nil if it was not visited.
func (p *Program) Front(insn, reg int) *Set {
	q := p.visited(insn)
	if q == nil {
		return nil
	}
	s := q.at(reg)
	return &s
}

// Slot is what a stack slot may hold in front of an instruction; nil if it was not visited.
func (p *Program) Slot(insn, off int) *Set {
	q := p.visited(insn)
	loc, ok := slotLoc(int64(off))
	if q == nil || !ok {
		return nil
	}
	s := q.at(loc)
	return &s
}

// Covers says whether a value that a log has is one of the set's.
var Covers = func(s *Set, v Value) bool {
	if s.Any {
		return true
	}
	for i := range s.Values {
		if s.Values[i].covers(&v) {
			return true
		}
	}
	return false
}

var ValueOf = valueOf
