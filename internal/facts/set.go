package facts

import "github.com/bpfdiag/bpfdiag/verifierlog"

// Set is what may be in a place, over all visits: one of some values.
// The zero Set is empty: no visit.
type Set struct {
	Values []Value // none covers another
	Any    bool    // on some path nothing is known; Values is empty then
}

// Bounds of a set: numbers become one range, more kinds become anything.
const (
	maxNumbers = 4
	maxKinds   = 5
)

// Empty says that there was no visit.
func (s *Set) Empty() bool { return !s.Any && len(s.Values) == 0 }

// add joins a value to the set and says whether the set has changed.
func (s *Set) add(v Value) bool {
	if s.Any {
		return false
	}
	for i := range s.Values {
		if s.Values[i].covers(&v) {
			return false
		}
	}
	kept := s.Values[:0:0]
	numbers := 0
	joined := false
	for _, o := range s.Values {
		switch {
		case v.covers(&o):
			continue
		case o.Base == verifierlog.Scalar && o.Kind == v.Kind:
			numbers++
		case sameKind(&o, &v) && !joined:
			v, joined = hull(o, v), true
			continue
		}
		kept = append(kept, o)
	}
	kept = append(kept, v)
	if numbers == maxNumbers {
		kept = oneRange(kept, v.Kind)
	}
	s.Values = kept
	if len(kept) > maxKinds+maxNumbers {
		s.any()
	}
	return true
}

// oneRange makes one range of the numbers of a kind.
func oneRange(list []Value, k Kind) []Value {
	var out []Value
	at := -1
	for _, v := range list {
		switch {
		case v.Kind != k:
			out = append(out, v)
		case at < 0:
			at = len(out)
			out = append(out, v)
		default:
			out[at] = hull(out[at], v)
		}
	}
	return out
}

// any makes the set that of which nothing is known.
func (s *Set) any() bool {
	was := s.Any
	s.Any, s.Values = true, nil
	return !was
}

// addSet joins another set.
func (s *Set) addSet(o *Set) bool {
	if o.Any {
		return s.any()
	}
	changed := false
	for _, v := range o.Values {
		changed = s.add(v) || changed
	}
	return changed
}

// number is the range of the set as a number: ok is false if it may be something else.
func (s *Set) number() (b verifierlog.Bounds, ok bool) {
	if s.Any || len(s.Values) == 0 {
		return b, false
	}
	for i := range s.Values {
		v := &s.Values[i]
		if v.Base != verifierlog.Scalar || v.Bytes != "" {
			return b, false
		}
		if i == 0 {
			b = v.Bounds
		} else {
			b = hullBounds(b, v.Bounds)
		}
	}
	return b, true
}

// cell collects what a place holds over the visits. Most places hold one value ever.
type cell struct {
	one *verifierlog.Value
	set *Set // nil as long as one is all
	was bool // one counts, even if it is nil
}

func (c *cell) see(v *verifierlog.Value) {
	switch {
	case c.was && c.one == v:
		return
	case !c.was:
		c.one, c.was = v, true
		return
	case c.set == nil:
		c.set = new(Set)
		c.set.see(c.one)
	}
	c.one = v
	c.set.see(v)
}

// add adds a value that no snapshot has.
func (c *cell) add(v Value) {
	if c.set == nil {
		c.set = new(Set)
		if c.was {
			c.set.see(c.one)
		}
		c.was, c.one = true, new(verifierlog.Value) // no snapshot's
	}
	c.set.add(v)
}

func (s *Set) see(v *verifierlog.Value) {
	if x, ok := valueOf(v); ok {
		s.add(x)
	} else {
		s.any()
	}
}

// get is what the place may hold.
func (c *cell) get() Set {
	if c.set != nil {
		return *c.set
	}
	var s Set
	if c.was {
		s.see(c.one)
	}
	return s
}
