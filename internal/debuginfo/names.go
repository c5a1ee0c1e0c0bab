package debuginfo

import (
	"fmt"
	"strings"

	"github.com/bpfdiag/bpfdiag/internal/object"
)

// How says how a Name follows from the object.
type How uint8

// The ways, from the strongest on.
const (
	// Held: debug information places the variable there at this instruction.
	Held How = iota + 1
	// Same: it holds the value that the variable has, by moves, spills and fills.
	Same
	// Argument: it is what was passed as this parameter.
	Argument
	// Address: it is the address of Expr's operand, such as `&key`.
	Address
	// Loaded: it was loaded from where Expr says.
	Loaded
	// From: it was computed from Expr, and is not Expr itself.
	From
	// Result: it is what a call returned. Expr is empty.
	Result
)

// Name is what the source calls a value.
type Name struct {
	Expr string // in the source language: `stats`, `stats->packets`, `&key`
	Type *Type  // of Expr, nil when unknown
	Var  *Variable
	How  How
	// Likely says that the name is not proven: the variable may have got
	// another value since, a union has other members at that place.
	Likely bool
	// Param is the number of the parameter from 1 on that Expr is, 0 if it is none.
	Param int
	// Call is the instruction of the call that returned the value, or on
	// whose result the value is based; -1 if there is none.
	Call int
}

// query names values at one instruction of a function.
type query struct {
	in    *Info
	f     *function
	i     int
	state *state // when the instruction begins
	scope []*Variable
}

func (in *Info) query(f *function, i int) *query {
	q := &query{in: in, f: f, i: i, scope: f.inScope(i)}
	if fl := in.flowOf(f); fl != nil {
		q.state = fl.before(i)
	}
	return q
}

// held lists the variables that debug information places in a register.
func (q *query) held(r int) []Name {
	var out []Name
	for _, v := range q.scope {
		for _, l := range v.at(q.i) {
			if l.Kind != InRegister || l.Register != r {
				continue
			}
			n := Name{Expr: v.Name, Type: v.Type, Var: v, How: Held, Call: -1}
			if l.PartSize > 0 && l.PartSize != v.Type.ByteSize() {
				p, ok := v.Type.find(l.PartOffset, l.PartSize, false)
				if !ok {
					continue
				}
				n.Expr, n.Type, n.Likely = v.Name+p.text, p.typ, p.vague || !p.exact
			}
			if v.Param {
				n.Param = q.in.paramNumber(q.f, v)
			}
			out = append(out, n)
		}
	}
	return out
}

// register names what a register holds, best first.
func (q *query) register(r int) []Name {
	if out := q.held(r); len(out) > 0 {
		if q.state != nil {
			for i := range out {
				out[i].Call = q.callOf(q.state.regs[r], 0)
			}
		}
		return out
	}
	if q.state == nil || r < 0 || r > framePointer {
		if q.i == 0 && r >= 1 && r <= 5 {
			if n, ok := q.argument(r); ok {
				return []Name{n}
			}
		}
		return nil
	}
	if n, ok := q.name(q.state.regs[r], 0); ok {
		return []Name{n}
	}
	return nil
}

// maxTerms bounds the operations that one name is built of.
const maxTerms = 12

// name spells a value.
func (q *query) name(n vn, depth int) (Name, bool) {
	if depth > maxTerms || n == noValue {
		return Name{}, false
	}
	v := q.f.flow.values.of(n)
	if v.op != opConst && v.op != opFrame {
		if name, ok := q.variable(n); ok {
			name.Call = q.callOf(n, 0)
			return name, true
		}
	}
	switch v.op {
	case opParam:
		return q.argument(int(v.k))
	case opFrame:
		return q.frameAddress(v.k)
	case opMap:
		r := q.f.fn.Relocs[v.at]
		return Name{Expr: "&" + r.Map.Name, How: Address, Call: -1}, true
	case opData:
		return q.dataAddress(v, 0)
	case opLoad:
		return q.loaded(v, depth)
	case opCall:
		return Name{How: Result, Type: q.resultType(int(v.at)), Call: int(v.at)}, true
	case opAdd:
		return q.sum(v, depth)
	case opLow32, opSext:
		name, ok := q.name(v.a, depth+1)
		if size := int64(4); ok && name.Expr != "" {
			if v.op == opSext {
				size = int64(v.size)
			}
			if name.Type == nil || name.Type.ByteSize() == 0 || name.Type.ByteSize() > size {
				name.How = From
			}
			return name, true
		}
		return name, ok
	case opArith:
		name, ok := q.name(v.a, depth+1)
		if (!ok || name.Expr == "") && v.b != noValue {
			name, ok = q.name(v.b, depth+1)
		}
		name.How, name.Param = From, 0
		return name, ok && name.Expr != ""
	}
	return Name{}, false
}

// variable finds a variable that has a value, here or elsewhere in the function.
func (q *query) variable(n vn) (Name, bool) {
	for _, v := range q.scope {
		for _, l := range v.at(q.i) {
			if l.PartSize > 0 {
				continue
			}
			same := l.Kind == InRegister && q.state.regs[l.Register] == n ||
				l.Kind == OnStack && !q.f.doubt && q.state.slot(int32(l.Offset), int32(v.Type.ByteSize())) == n
			if same {
				return q.named(v, Same, false), true
			}
		}
	}
	facts := q.in.factsOf(q.f)
	var best *Variable
	for _, v := range facts.vars[n] {
		if best == nil || rank(v, q.i, facts) > rank(best, q.i, facts) {
			best = v
		}
	}
	if best == nil {
		return Name{}, false
	}
	return q.named(best, Same, facts.several[best]), true
}

func (q *query) named(v *Variable, how How, likely bool) Name {
	n := Name{Expr: v.Name, Type: v.Type, Var: v, How: how, Likely: likely, Call: -1}
	if v.Param {
		n.Param = q.in.paramNumber(q.f, v)
	}
	return n
}

// rank prefers variables in scope, then those with one value, then inner ones.
func rank(v *Variable, i int, facts *facts) int {
	n := v.scope.depth
	if !facts.several[v] {
		n += maxNesting * 2
	}
	if v.scope.contains(i) {
		n += maxNesting * 4
	}
	return n
}

// argument names what register r held when the function began.
func (q *query) argument(r int) (Name, bool) {
	params := q.in.btfParams(q.f.fn)
	if r < 1 || r > len(params) || params[r-1].Name == "" {
		return Name{}, false
	}
	p := params[r-1]
	// clang may drop or change the parameters of a static function, and BTF
	// says what the source says.
	return Name{Expr: p.Name, Type: p.Type, How: Argument, Param: r, Likely: !q.f.fn.Global, Call: -1}, true
}

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

// callOf returns the call that a value, moved by constants, was returned by; -1 if none.
func (q *query) callOf(n vn, depth int) int {
	switch v := q.f.flow.values.of(n); {
	case v.op == opCall:
		return int(v.at)
	case v.op == opAdd && depth < maxTerms:
		return q.callOf(v.a, depth+1)
	}
	return -1
}

// resultType is the type of what a call returns, where the object tells.
func (q *query) resultType(at int) *Type {
	const mapLookup = 1 // BPF_FUNC_map_lookup_elem
	in := q.f.fn.Insns[at]
	if in.Src() != 0 || in.Imm != mapLookup {
		return nil
	}
	s := q.f.flow.before(at)
	if s == nil {
		return nil
	}
	if v := q.f.flow.values.of(s.regs[1]); v.op == opMap {
		if m := q.f.fn.Relocs[v.at].Map; m.ValueType != 0 {
			return pointerTo(q.in.btf.typeAt(m.ValueType))
		}
	}
	return nil
}
