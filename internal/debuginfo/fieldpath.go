package debuginfo

import "fmt"

// fieldPath is how the bytes of an object are reached from it: `.in.b[2]`.
type fieldPath struct {
	text  string
	typ   *Type
	off   int64 // of what text names, in bytes from the object's beginning
	size  int64 // of it
	exact bool  // it begins at the byte that was asked for and has the size
	vague bool  // a union or bit fields leave a choice, or the index is a guess
}

// find walks from an object of type t to the bytes [off, off+size). size 0
// asks for the outermost thing that begins at off, as for an address. With
// index, the innermost array on the way is indexed by something unknown.
// ok is false for padding and for what lies outside.
func (t *Type) find(off, size int64, index bool) (p fieldPath, ok bool) {
	p.typ, p.size = t, t.ByteSize()
	if off < 0 || size < 0 || p.size > 0 && off+size > p.size {
		return p, false
	}
	indexed := false
	for range maxNesting {
		rest := off - p.off
		if size == 0 && rest == 0 && p.text != "" && !index || size > 0 && rest == 0 && p.size == size && p.typ.scalar() {
			p.exact = true
			break
		}
		u := p.typ.Underlying()
		switch u.Kind {
		case Array:
			e := u.Elem()
			n := e.ByteSize()
			if n <= 0 {
				return p, p.text != ""
			}
			i := rest / n
			if size > 0 && rest%n+size > n { // several elements at once
				p.exact = rest == 0 && size == p.size
				return p, p.text != "" || p.exact
			}
			if index && !indexed {
				p.text += "[..]"
				indexed, p.vague = true, true
			} else {
				p.text += fmt.Sprintf("[%d]", i)
			}
			p.off, p.typ, p.size = p.off+i*n, e, n
			continue
		case Struct, Union:
			if size > 0 && rest == 0 && size == p.size && p.text != "" {
				p.exact = true
				return p, !index || indexed
			}
			f, vague, found := u.field(rest, size)
			if !found {
				// Several members at once are the struct itself; a hole is nothing.
				return p, size > 0 && p.text != "" && u.covers(rest, size) && (!index || indexed)
			}
			if vague && (f.Bits > 0 || size > 0 && f.Type.ByteSize() != size) {
				// Which of them is meant cannot be told: the union, or nothing.
				return p, u.Kind == Union && p.text != "" && (!index || indexed)
			}
			if f.Name != "" {
				p.text += "." + f.Name
			}
			p.off += f.Offset / 8
			p.typ, p.size, p.vague = f.Type, f.Type.ByteSize(), p.vague || vague
			if f.Bits > 0 {
				return p, true
			}
			continue
		}
		p.exact = rest == 0 && (size == 0 || size == p.size)
		if size == 0 && rest != 0 {
			return p, false
		}
		break
	}
	return p, p.text != "" && (!index || indexed)
}

func (t *Type) scalar() bool {
	k := t.Underlying().Kind
	return k != Struct && k != Union && k != Array
}

// field returns the member that holds the bytes [off, off+size). vague says
// that there are others: of a union, or bit fields that share a byte.
func (t *Type) field(off, size int64) (best Field, vague, ok bool) {
	for _, f := range t.Fields() {
		from := f.Offset / 8
		n := f.Type.ByteSize()
		if f.Bits > 0 {
			n = (f.Offset%8 + f.Bits + 7) / 8
			// A load takes the storage unit, of which the bits are a part.
			if ok := from < off+max(size, 1) && off < from+n; !ok {
				continue
			}
		} else if off < from || off+max(size, 1) > from+n && !(n == 0 && off == from) {
			continue
		}
		if !ok {
			best, ok = f, true
			continue
		}
		vague = true
		// Of a union prefer the member that has just this size.
		if t.Kind == Union && best.Type.ByteSize() != size && n == size {
			best = f
		}
	}
	return best, vague, ok
}

// covers says whether some member has a byte of [off, off+size).
func (t *Type) covers(off, size int64) bool {
	for _, f := range t.Fields() {
		if from := f.Offset / 8; from < off+size && off < from+max(f.Type.ByteSize(), 1) {
			return true
		}
	}
	return false
}

// target spells the object that a pointer expression of type pointer to t,
// moved by off bytes, reaches, for an access of size bytes.
func target(expr string, t *Type, off, size int64, index bool) (string, fieldPath, bool) {
	if t == nil {
		return "", fieldPath{}, false
	}
	n := t.ByteSize()
	u := t.Underlying()
	amp := len(expr) > 1 && expr[0] == '&'
	switch {
	case u.Kind == Void || u.Kind == Function:
		return "", fieldPath{}, false
	case u.Kind == Struct || u.Kind == Union || u.Kind == Array:
		p, ok := t.find(off, size, index)
		if !ok {
			return "", p, false
		}
		switch {
		case amp:
			return expr[1:] + p.text, p, true
		case p.text == "":
			return "*" + operandOf(expr), p, true
		case p.text[0] == '[' || t.Rust: // a pointer to an array
			return "(*" + expr + ")" + p.text, p, true
		}
		return operandOf(expr) + "->" + p.text[1:], p, true
	case n <= 0 || off%n != 0 || size > n:
		return "", fieldPath{}, false
	}
	p := fieldPath{typ: t, size: n, exact: size == 0 || size == n, vague: index}
	switch {
	case index && (amp || t.Rust):
		return "", p, false
	case index:
		return operandOf(expr) + "[..]", p, true
	case off == 0 && amp:
		return expr[1:], p, true
	case off == 0:
		return "*" + operandOf(expr), p, true
	case amp: // the element after a scalar variable
		return "", p, false
	case t.Rust:
		return fmt.Sprintf("*%s.add(%d)", operandOf(expr), off/n), p, off > 0
	}
	return fmt.Sprintf("%s[%d]", operandOf(expr), off/n), p, true
}

// operandOf puts parentheses around what binds less than `->`.
func operandOf(expr string) string {
	for i := range len(expr) {
		switch c := expr[i]; {
		case c == ' ', i == 0 && (c == '*' || c == '&'):
			return "(" + expr + ")"
		}
	}
	return expr
}
