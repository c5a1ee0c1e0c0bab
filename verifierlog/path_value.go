package verifierlog

// Before is what the verifier knew of a place in front of step i: what it
// printed last, with what follows from the instructions since (a move copies, a
// call loses r1 to r5, a check of one copy holds for all with its id). ok is
// false where the log does not tell. A place that was never written, or whose
// content is gone, is a NotInit value.
//
// Linux before 5.17 prints states at level 1 only where paths fork; there many
// values are not known, but Origin still is.
func (p *Path) Before(i int, l Loc) (v Value, ok bool) {
	if !p.has(i) {
		return Value{}, false
	}
	return p.valueAt(i, l)
}

// After is what the verifier knew of a place behind step i. Of a call that is
// followed on the path, and of an exit, it is the state in which the path goes
// on: places are those of the frames then. Behind the step that failed it is
// what the verifier knew until then.
func (p *Path) After(i int, l Loc) (v Value, ok bool) {
	if !p.has(i) {
		return Value{}, false
	}
	return p.valueAt(i+1, l)
}

func (p *Path) valueAt(i int, l Loc) (Value, bool) {
	m := p.stateAt(i)
	if m == nil {
		return Value{}, false
	}
	c := m.cell(l)
	if c == nil && m.whole && l.Reg < 0 && validSlot(l.Slot) && l.Frame >= 0 && l.Frame < len(m.frames) {
		return Value{Reg: -1, Slot: l.Slot, Type: "?", FrameNo: -1}, true
	}
	if c == nil || !c.known {
		return Value{}, false
	}
	return c.v, true
}

// Places are the places in front of step i (behind the last, for Len()) of
// which something is known that is not NotInit, registers first, outer frames
// first.
func (p *Path) Places(i int) []Loc {
	m := p.stateAt(i)
	if m == nil {
		return nil
	}
	var locs []Loc
	m.eachCell(func(l Loc, c *cell) {
		if c.known && c.v.Base != NotInit {
			locs = append(locs, l)
		}
	})
	return locs
}

// Same are the other places that hold the same value as l in front of step i:
// copies by moves of 64 bits, spills and fills.
func (p *Path) Same(i int, l Loc) []Loc {
	m := p.stateAt(i)
	if m == nil {
		return nil
	}
	c := m.cell(l)
	if c == nil || c.vid == 0 {
		return nil
	}
	var locs []Loc
	m.eachCell(func(o Loc, oc *cell) {
		if o != l && oc.vid == c.vid {
			locs = append(locs, o)
		}
	})
	return locs
}

// Callsite is the step that called frame at step i, -1 for the outermost and
// for what is in front of the path.
func (p *Path) Callsite(i, frame int) int {
	m := p.stateAt(i)
	if m == nil || frame <= 0 || frame >= len(m.frames) {
		return noStep
	}
	return int(m.frames[frame].call)
}
