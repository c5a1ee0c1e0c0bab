package debuginfo

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
	// Elsewhere: Var is not in scope at the instruction; Var.Function, inlined
	// before or after it, calls the value so.
	Elsewhere bool
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
	n := Name{Expr: v.Name, Type: v.Type, Var: v, How: how, Likely: likely, Elsewhere: !v.scope.contains(q.i), Call: -1}
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
