package verifierlog

// Change is a place that a loop leaves with another value than it found.
type Change struct {
	Loc
	Before, After Value // at the begin of a pass, and of the next
}

// Changing are the places that differ between the last two times that the path
// came to step i's instruction in the same frame: of a loop, ask about the first
// step of its last pass ([Run]). They are why a verifier goes around again: it
// stops where it finds a state that it has seen. Those with Precise in Before
// or After are compared exactly. nil if the path came there once only.
func (p *Path) Changing(i int) []Change {
	if !p.has(i) {
		return nil
	}
	prev := i - 1
	for prev >= p.Begin && (p.recs[prev].insn != p.recs[i].insn || p.recs[prev].frame != p.recs[i].frame) {
		prev--
	}
	if prev < p.Begin {
		return nil
	}
	var earlier machine
	p.stateAt(prev).copyTo(&earlier)
	var changes []Change
	p.stateAt(i).eachCell(func(l Loc, c *cell) {
		was := earlier.cell(l)
		if was != nil && was.known && c.known && !sameKnowledge(&was.v, &c.v) {
			changes = append(changes, Change{l, was.v, c.v})
		}
	})
	return changes
}
