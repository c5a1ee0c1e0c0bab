package debuginfo

import (
	"fmt"
	"strings"

	"github.com/bpfdiag/bpfdiag/internal/object"
)

// frameAddress names the stack variable at r10 + k.
func (q *query) frameAddress(k int64) (Name, bool) {
	parts := q.stackVariables(k, 1)
	if len(parts) == 0 {
		return Name{}, false
	}
	v, l := parts[0].v, parts[0].l
	size := v.partSize(l)
	at := k - l.Offset + l.PartOffset
	likely := len(parts) > 1 || q.f.doubt || parts[0].other
	out := Name{Var: v, How: Address, Likely: likely, Call: -1}
	t := v.Type
	switch p, ok := t.find(at, 0, false); {
	case at == 0 && t.Underlying().Kind == Array:
		out.Expr, out.Type = v.Name, t // decays
	case at == 0:
		out.Expr, out.Type = "&"+v.Name, pointerTo(t)
	case ok && p.exact && at < size:
		out.Expr, out.Type, out.Likely = "&"+v.Name+p.text, pointerTo(p.typ), likely || p.vague
	default:
		out.Expr, out.Type, out.How = v.Name, t, From
	}
	return out, true
}

func pointerTo(t *Type) *Type {
	return &Type{Kind: Pointer, Size: 8, Rust: t.Rust, elem: func() *Type { return t }}
}

// dataAddress names the global variable at an address, or with size its bytes.
func (q *query) dataAddress(v value, size int64) (Name, bool) {
	r := q.f.fn.Relocs[v.at]
	b := q.in.obj.BTF
	if r.Map == nil || b == nil {
		return Name{}, false
	}
	for _, m := range b.Members(r.Map.ValueType) {
		at := v.k - int64(m.Offset)
		if at < 0 || at >= int64(m.Size) || b.Kind(m.Type) != object.KindVar {
			continue
		}
		t := q.in.btf.typeAt(m.Type)
		// clang calls a static variable of a function `f.x`, or `f.x.3`.
		if parts := strings.Split(m.Name, "."); len(parts) > 1 && parts[1] != "" && parts[0] != "" {
			m.Name = parts[1]
		}
		out := Name{Expr: m.Name, Type: t, How: Loaded, Call: -1}
		if size == 0 {
			out.How = Address
			if at == 0 && t.Underlying().Kind != Array {
				out.Expr, out.Type = "&"+m.Name, pointerTo(t)
			}
		}
		if at == 0 && (size == 0 || size == t.ByteSize() && t.scalar()) {
			return out, true
		}
		p, ok := t.find(at, size, false)
		if !ok {
			out.How = From
			return out, true
		}
		out.Expr, out.Type, out.Likely = m.Name+p.text, p.typ, p.vague
		if size == 0 {
			out.Expr, out.Type = "&"+out.Expr, pointerTo(p.typ)
		}
		return out, true
	}
	return Name{}, false
}

// loaded names a value by where it was loaded from.
func (q *query) loaded(v value, depth int) (Name, bool) {
	n, ok := q.memory(v.a, v.k, int64(v.size), depth)
	if ok && n.How != From {
		n.How = Loaded
	}
	n.Param = 0
	return n, ok
}

// memory names the size bytes at base + k; How is From when only what base is
// based on has a name.
func (q *query) memory(base vn, k, size int64, depth int) (Name, bool) {
	if depth > maxTerms {
		return Name{}, false
	}
	values := q.f.flow.values
	b := values.of(base)
	if b.op == opAdd && b.b == noValue {
		base, k = b.a, k+b.k
		b = values.of(base)
	}
	switch b.op {
	case opFrame:
		return q.stackMemory(b.k+k, size, depth)
	case opData:
		b.k += k
		return q.dataAddress(b, size)
	}
	n, ok := q.name(base, depth+1)
	index := false
	if b.op == opAdd && (!ok || n.How == From) {
		// A pointer plus something unknown: an element of an array.
		if n, ok = q.name(b.a, depth+1); !ok || n.Type.Pointee() == nil && !isArray(n.Type) {
			if m, ok2 := q.name(b.b, depth+1); ok2 && (m.Type.Pointee() != nil || isArray(m.Type)) {
				n, ok = m, true
			}
		}
		index = true
	}
	if !ok {
		return n, false
	}
	elem := n.Type.Pointee()
	if elem == nil && isArray(n.Type) && n.How == Address {
		elem = n.Type.Underlying().Elem()
	}
	if n.Expr != "" && n.How != From {
		if expr, p, found := target(n.Expr, elem, k, size, index); found {
			n.Expr, n.Type, n.How = expr, p.typ, Loaded
			n.Likely = n.Likely || p.vague
			return n, true
		}
	}
	n.How = From
	return n, n.Expr != ""
}

func isArray(t *Type) bool { return t != nil && t.Underlying().Kind == Array }

// sum names a + b or a + k.
func (q *query) sum(v value, depth int) (Name, bool) {
	n, ok := q.name(v.a, depth+1)
	if v.b != noValue {
		if m, ok2 := q.name(v.b, depth+1); ok2 && (!ok || n.Expr == "" || n.Type.Pointee() == nil && m.Type.Pointee() != nil) {
			n, ok = m, true
		}
		n.How, n.Param = From, 0
		return n, ok && n.Expr != ""
	}
	if !ok || n.Expr == "" {
		return n, false
	}
	n.Param = 0
	if n.How == From {
		return n, true
	}
	elem := n.Type.Pointee()
	if elem == nil {
		if n.Type != nil && n.Type.Underlying().Kind == Int && v.k > 0 && v.k < 1<<31 {
			n.Expr = fmt.Sprintf("%s + %d", n.Expr, v.k)
			return n, true
		}
		n.How = From
		return n, true
	}
	size := elem.ByteSize()
	switch u := elem.Underlying(); {
	case u.Kind == Void, size == 1:
		n.Expr = fmt.Sprintf("%s %s %d", n.Expr, sign(v.k), abs(v.k))
		return n, true
	case size > 0 && v.k%size == 0:
		n.Expr = fmt.Sprintf("%s %s %d", n.Expr, sign(v.k), abs(v.k/size))
		return n, true
	}
	if expr, p, found := target(n.Expr, elem, v.k, 0, false); found && p.exact {
		n.Likely = n.Likely || p.vague
		n.How = Address
		if n.Expr, n.Type = "&"+expr, pointerTo(p.typ); isArray(p.typ) {
			n.Expr, n.Type = expr, p.typ
		}
		return n, true
	}
	n.How = From
	return n, true
}

func sign(k int64) string {
	if k < 0 {
		return "-"
	}
	return "+"
}

func abs(k int64) int64 { return max(k, -k) }
