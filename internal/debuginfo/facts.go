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
	type active struct {
		v   *Variable
		to  int
		reg int
	}
	starts := map[int][]active{}
	entries := map[*Variable]vn{}
	note := func(v *Variable, n vn) {
		switch fl.values.of(n).op {
		case opConst:
			// Many things are 0. It is another value of the variable, no name.
			if old, ok := entries[v]; ok && old != n {
				out.several[v] = true
			}
			entries[v] = n
			return
		}
		old, ok := entries[v]
		if ok && old != n {
			out.several[v] = true
		}
		if ok && old == n {
			return
		}
		entries[v] = n
		for _, w := range out.vars[n] {
			if w == v {
				return
			}
		}
		out.vars[n] = append(out.vars[n], v)
	}
	for _, v := range f.vars {
		for _, s := range v.locs {
			for _, l := range s.locs {
				switch {
				case l.PartSize > 0 && l.PartSize != v.Type.ByteSize():
				case l.Kind == InRegister && l.Register < framePointer:
					starts[s.from] = append(starts[s.from], active{v, s.to, l.Register})
				case l.Kind == Entry && l.Register >= 1 && l.Register <= 5:
					note(v, fl.values.number(value{op: opParam, k: int64(l.Register)}))
				case l.Kind == Computed, l.Kind == Constant:
					// It has a value here that no register holds.
					out.several[v] = true
				}
			}
		}
	}
	var live []active
	for b := range fl.blocks {
		bl := &fl.blocks[b]
		s := bl.entry.clone()
		var before [11]vn // nothing, so that a block's beginning is noted
		for i := bl.from; i < bl.to; i++ {
			kept := live[:0]
			for _, a := range live {
				if a.to > i {
					kept = append(kept, a)
				}
			}
			live = append(kept, starts[i]...)
			fresh := len(kept)
			if !bl.reached {
				continue
			}
			for j, a := range live {
				if j >= fresh || s.regs[a.reg] != before[a.reg] {
					note(a.v, s.regs[a.reg])
				}
			}
			before = s.regs
			fl.step(i, &s)
		}
	}
	return out
}
