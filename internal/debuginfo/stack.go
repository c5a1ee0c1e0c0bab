package debuginfo

import (
	"fmt"
	"sort"
)

// StackPart is what some bytes of the stack are.
type StackPart struct {
	From, To int64     // bytes, relative to r10: [From, To)
	Var      *Variable // nil when no variable is known to be there
	Expr     string    // `key`, `event.comm`; of padding the struct that has it
	Type     *Type     // of Expr
	Padding  bool      // no member of Expr has these bytes
	// Likely: several variables share the place, or the frame's size is a guess.
	Likely bool
}

type stackVariable struct {
	v     *Variable
	l     Location
	spill bool // the variable is there for a time only
	other bool // it is not in scope
}

// stackVariables lists the variables that have bytes in [off, off+size): those
// in scope, or where there are none, those of other scopes.
func (q *query) stackVariables(off, size int64) []stackVariable {
	var here, scoped, other []stackVariable
	for _, v := range q.f.vars {
		in := v.scope.contains(q.i)
		for _, s := range v.locs {
			for _, l := range s.locs {
				if l.Kind != OnStack || l.Offset >= off+size || l.Offset+v.partSize(l) <= off {
					continue
				}
				sv := stackVariable{v, l, s.from > 0 || s.to < len(q.f.fn.Insns), !in}
				switch {
				case in && s.from <= q.i && q.i < s.to:
					here = addOnce(here, sv)
				case in:
					scoped = addOnce(scoped, sv)
				default:
					other = addOnce(other, sv)
				}
			}
		}
	}
	switch {
	case len(here) > 0:
		return here
	case len(scoped) > 0:
		return scoped
	}
	return other
}

func addOnce(list []stackVariable, sv stackVariable) []stackVariable {
	for _, o := range list {
		if o.v == sv.v && o.l.Offset == sv.l.Offset && o.l.PartOffset == sv.l.PartOffset {
			return list
		}
	}
	return append(list, sv)
}

// stackMemory names the bytes at r10 + k.
func (q *query) stackMemory(k, size int64, depth int) (Name, bool) {
	vars := q.stackVariables(k, size)
	for _, sv := range vars {
		v, l := sv.v, sv.l
		n := q.named(v, Loaded, len(vars) > 1 || q.f.doubt || sv.other)
		at := k - l.Offset + l.PartOffset
		if at == 0 && v.Type.scalar() && (size == v.Type.ByteSize() || sv.spill && !sv.other) {
			return n, true
		}
		if k < l.Offset || k+size > l.Offset+v.partSize(l) {
			continue
		}
		n.Param = 0
		if p, ok := v.Type.find(at, size, false); ok {
			n.Expr, n.Type, n.Likely = v.Name+p.text, p.typ, n.Likely || p.vague
		} else {
			n.How = From
		}
		return n, true
	}
	// A slot in which the compiler keeps a value for a while.
	if q.state != nil {
		if held := q.state.slot(int32(k), int32(size)); held != noValue {
			if v := q.f.flow.values.of(held); v.op != opLoad || q.f.flow.values.of(v.a).op != opFrame {
				return q.name(held, depth+1)
			}
		}
	}
	return Name{}, false
}

// stack says what the bytes [off, off+size) are.
func (q *query) stack(off, size int64) []StackPart {
	if size <= 0 || size > stackLimit || off >= 0 || off < -1<<20 {
		return nil
	}
	vars := q.stackVariables(off, size)
	sort.SliceStable(vars, func(a, b int) bool { return vars[a].l.Offset < vars[b].l.Offset })
	var out []StackPart
	at := off
	gap := func(to int64) {
		if to > at {
			out = append(out, StackPart{From: at, To: to})
			at = to
		}
	}
	for _, sv := range vars {
		from := max(at, sv.l.Offset)
		to := min(off+size, sv.l.Offset+sv.v.partSize(sv.l))
		if from >= to {
			continue
		}
		gap(from)
		w := parts{base: sv.l.Offset - sv.l.PartOffset, from: from, to: to, v: sv.v}
		for _, o := range vars {
			w.likely = w.likely || o.v != sv.v && o.l.Offset < to && o.l.Offset+o.v.partSize(o.l) > from
		}
		w.likely = w.likely || q.f.doubt || sv.other
		w.add(sv.v.Name, sv.v.Type, w.base, 0)
		out = append(out, w.out...)
		at = to
	}
	gap(off + size)
	return out
}

// parts collects what the bytes [from, to) of a variable are.
type parts struct {
	base, from, to int64
	v              *Variable
	likely         bool
	out            []StackPart
}

// maxParts bounds the parts of one answer.
const maxParts = 256

func (w *parts) emit(from, to int64, expr string, t *Type, padding bool) {
	from, to = max(from, w.from), min(to, w.to)
	if n := len(w.out); n > 0 {
		from = max(from, w.out[n-1].To)
	}
	if from < to && len(w.out) < maxParts {
		w.out = append(w.out, StackPart{From: from, To: to, Var: w.v, Expr: expr, Type: t, Padding: padding, Likely: w.likely})
	}
}

// add adds the parts of an object of type t at offset at of the stack.
// What lies wholly in the range and has no holes is one part.
func (w *parts) add(expr string, t *Type, at int64, depth int) {
	size := t.ByteSize()
	if size <= 0 || depth > maxNesting || at >= w.to || at+size <= w.from || len(w.out) >= maxParts {
		return
	}
	u := t.Underlying()
	whole := w.from <= at && at+size <= w.to
	if u.Kind != Struct && u.Kind != Array || whole && !t.holes(0) {
		w.emit(at, at+size, expr, t, false)
		return
	}
	if u.Kind == Array {
		n := u.Elem().ByteSize()
		if n <= 0 {
			w.emit(at, at+size, expr, t, false)
			return
		}
		if u.Elem().scalar() { // some elements: one part each would say little more
			w.emit(at, at+size, expr, t, false)
			return
		}
		for i := max(0, (w.from-at)/n); i < u.Len && at+i*n < w.to && len(w.out) < maxParts; i++ {
			w.add(fmt.Sprintf("%s[%d]", expr, i), u.Elem(), at+i*n, depth+1)
		}
		return
	}
	end := at
	for _, f := range u.byOffset() {
		from, n := at+f.Offset/8, f.Type.ByteSize()
		if f.Bits > 0 {
			n = (f.Offset%8 + f.Bits + 7) / 8
		}
		if from > end {
			w.emit(end, from, expr, t, true)
		}
		name := expr
		if f.Name != "" {
			name += "." + f.Name
		}
		if f.Bits > 0 {
			w.emit(from, from+n, name, f.Type, false)
		} else {
			w.add(name, f.Type, from, depth+1)
		}
		end = max(end, from+n)
	}
	if end < at+size {
		w.emit(end, at+size, expr, t, true)
	}
}

// byOffset lists the fields in the order in which they lie.
func (t *Type) byOffset() []Field {
	fields := append([]Field(nil), t.Fields()...)
	sort.SliceStable(fields, func(a, b int) bool { return fields[a].Offset < fields[b].Offset })
	return fields
}

// holes says whether a type has padding.
func (t *Type) holes(depth int) bool {
	u := t.Underlying()
	switch {
	case depth > maxNesting:
		return false
	case u.Kind == Array:
		return u.Elem().holes(depth + 1)
	case u.Kind != Struct:
		return false
	}
	end := int64(0) // in bits
	for _, f := range u.byOffset() {
		n := f.Type.ByteSize() * 8
		if f.Bits > 0 {
			n = f.Bits
		}
		// Bits that no bit field has, within a byte that one has, do not count:
		// the verifier tells bytes apart, not bits.
		if f.Offset/8 > (end+7)/8 || f.Bits == 0 && f.Type.holes(depth+1) {
			return true
		}
		end = max(end, f.Offset+n)
	}
	return (end+7)/8 < u.Size
}
