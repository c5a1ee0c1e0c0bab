package verifierlog

// Loss says how a pointer became unusable while it stayed where it was.
type Loss struct {
	// Step did it: the helper that may move the packet, the release of the
	// reference, the unlock.
	Step int
	// Loc is where the pointer was then, and Was what it was.
	Loc Loc
	Was Value
	// Likely marks a call of a global function, of which the log does not say
	// whether it may move the packet. Where the pointer is unusable behind it,
	// it does.
	Likely bool
}

// Lost says whether the value that l has in front of step i is what is left of
// a pointer that was good once: a pointer to a packet that a call may have
// moved, a reference that was released, a pointer that was good until a lock
// or RCU section ended, a slice of a dynptr that is gone. Copies made since, by
// moves, spills and fills, count.
func (p *Path) Lost(i int, l Loc) (Loss, bool) {
	m := p.stateAt(i)
	if m == nil {
		return Loss{}, false
	}
	c := m.cell(l)
	if c == nil || c.lost < 0 && c.maybe < 0 {
		return Loss{}, false
	}
	loss := Loss{Step: int(c.lost), Loc: l}
	if c.lost < 0 {
		loss.Step, loss.Likely = int(c.maybe), true
	}
	value := c.vid
	if from := p.stateAt(loss.Step); from != nil {
		if at, ok := p.holder(loss.Step, value, l); ok {
			loss.Loc = at
			loss.Was = p.values.now.cell(at).v
		}
	}
	return loss, true
}
