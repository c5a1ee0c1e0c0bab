package debuginfo

// facts says which variables have which values somewhere in a function.
type facts struct {
	vars map[vn][]*Variable
	// several marks variables that have different values in the course of the function.
	several map[*Variable]bool
}

// collectFacts walks over a function and notes what the registers hold that
// debug information places variables in.
func (f *function) collectFacts() *facts {
	out := &facts{vars: map[vn][]*Variable{}, several: map[*Variable]bool{}}
	fl := f.flow
	if fl == nil {
		return out
	}
	type record struct {
		v      *Variable
		last   vn
		values int // how many, counted each time that it changes
	}
	type active struct {
		*record
		to, reg int
	}
	starts := map[int][]active{}
	note := func(r *record, n vn) {
		if n == r.last || r.values >= maxValues {
			return
		}
		if r.values++; r.values > 1 {
			out.several[r.v] = true
		}
		r.last = n
		// Many things are 0: a constant is a value of the variable, but no name.
		if fl.values.of(n).op == opConst {
			return
		}
		// Where it comes back to a value that it had before, it is listed twice; no harm.
		out.vars[n] = append(out.vars[n], r.v)
	}
	for _, v := range f.vars {
		rec := &record{v: v}
		for _, s := range v.locs {
			for _, l := range s.locs {
				switch {
				case l.PartSize > 0 && l.PartSize != v.Type.ByteSize():
				case l.Kind == InRegister && l.Register < framePointer:
					starts[s.from] = append(starts[s.from], active{rec, s.to, l.Register})
				case l.Kind == Entry && l.Register >= 1 && l.Register <= 5:
					note(rec, fl.values.number(value{op: opParam, k: int64(l.Register)}))
				case l.Kind == Computed, l.Kind == Constant:
					// It has a value here that no register holds.
					out.several[v] = true
				}
			}
		}
	}
	var live [framePointer][]active // by register
	end := len(f.fn.Insns)          // when the first of them ends
	for b := range fl.blocks {
		bl := &fl.blocks[b]
		s := bl.entry.clone()
		var before [11]vn // nothing, so that a block's beginning is noted
		for i := bl.from; i < bl.to; i++ {
			if i >= end {
				end = len(f.fn.Insns)
				for r := range live {
					kept := live[r][:0]
					for _, a := range live[r] {
						if a.to > i && a.values < maxValues {
							kept = append(kept, a)
							end = min(end, a.to)
						}
					}
					live[r] = kept
				}
			}
			for r := range live {
				if s.regs[r] != before[r] && bl.reached {
					for _, a := range live[r] {
						note(a.record, s.regs[r])
					}
				}
			}
			for _, a := range starts[i] {
				live[a.reg] = append(live[a.reg], a)
				end = min(end, a.to)
				if bl.reached {
					note(a.record, s.regs[a.reg])
				}
			}
			before = s.regs
			fl.step(i, &s)
		}
	}
	return out
}

// maxValues is how many values of one variable are followed; names by later
// ones would only be likely anyway.
const maxValues = 32
