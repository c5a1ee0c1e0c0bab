package verifierlog

import "io"

// end is where the text of step i ends: at the next instruction of the log
// that is on the path. For a step that was resumed it is that of the branch.
func (p *Path) end(i int) int64 {
	if i+1 < len(p.recs) && p.recs[i+1].offset > p.from(i) {
		return p.recs[i+1].offset
	}
	return -1
}

// from is where the states of step i begin.
func (p *Path) from(i int) int64 {
	if p.recs[i].flags&recResumed != 0 {
		return p.resumes[int32(i)].offset
	}
	return p.recs[i].offset
}

// restSize is how much is read behind the last step: of a rest as long as a log,
// only the first part is about the path.
const restSize = 1 << 20

// section reads the log from offset to end, which is -1 for the rest.
func (p *Path) section(offset, end int64) *io.SectionReader {
	if end < 0 {
		end = offset + restSize
	}
	return io.NewSectionReader(p.r, offset, end-offset)
}

// printed calls state for each state printed behind step i, before the next.
func (p *Path) printed(sc *Scanner, i int, state func(*Node)) {
	sc.Reset(p.section(p.from(i), p.end(i)))
	var f stateFilter
	first := p.recs[i].flags&recResumed == 0
	for sc.Scan() {
		n := sc.Node()
		if n.Kind == KindInsn && !first {
			break
		}
		first = false
		if f.now(n) {
			state(n)
		}
	}
	p.fail(sc.Err())
}

// stateFilter tells states that are true when they are printed from those
// that tell of another time or place.
type stateFilter struct {
	line  int
	above Kind // that the line above began with
	first Kind
	skip  bool // the rest of the line
	form  Form
	done  bool
}

// now says whether n is a state of the path.
func (f *stateFilter) now(n *Node) bool {
	if n.Line != f.line {
		f.line, f.skip, f.above, f.first = n.Line, false, f.first, n.Kind
	}
	switch n.Kind {
	case KindPrecision, KindMessage:
		// "mark_precise: … parent state …:  R0=…", "cur state: R0=…"
		f.skip = true
	case KindCall:
		f.form = n.Form
	case KindInsn:
		f.form = FormNone
	case KindReport, KindStats:
		f.done = true
	case KindState:
		if n.Insn < 0 && f.first == KindState && f.above == KindPrecision {
			return false // Linux before 6.0 prints the parent's state on a line of its own
		}
		return !f.skip && !f.done && f.form != CallReturning
	}
	return false
}
