package debuginfo

import "github.com/bpfdiag/bpfdiag/internal/object"

// Info answers questions about one object. It reads debug information when it
// is asked, and only what the answer needs. It is not safe for concurrent use.
//
// Instructions are counted from the function's beginning, a 64-bit immediate
// load as two. All answers at an instruction hold when it begins: what it
// writes has the new name at the next one.
type Info struct {
	obj    *object.Object
	dw     *dwarfInfo // nil without
	err    error      // why
	opened bool
	btf    *btfTypes
	funcs  map[*object.Function]*function
	facts  map[*function]*facts
	files  map[*unit][]string
	rows   map[*unit][]row
}

// New prepares questions about an object.
func New(o *object.Object) *Info {
	return &Info{obj: o, btf: &btfTypes{btf: o.BTF, types: map[uint32]*Type{}},
		funcs: map[*object.Function]*function{}, facts: map[*function]*facts{}, files: map[*unit][]string{}, rows: map[*unit][]row{}}
}

// dwarf returns the object's DWARF, nil without.
func (in *Info) dwarf() *dwarfInfo {
	if !in.opened {
		in.opened = true
		in.dw, in.err = loadDWARF(in.obj)
	}
	return in.dw
}

// DWARF says why there is none, nil if there is some. BTF alone gives
// positions and the parameters of functions.
func (in *Info) DWARF() error {
	in.dwarf()
	return in.err
}

func (in *Info) function(fn *object.Function) *function {
	f, ok := in.funcs[fn]
	if !ok {
		f = in.dwarf().loadFunction(fn)
		in.funcs[fn] = f
	}
	return f
}

func (in *Info) flowOf(f *function) *flow {
	if !f.flowed {
		f.flowed = true
		f.flow = newFlow(f.fn, f.takenExtents())
	}
	return f.flow
}

func (in *Info) factsOf(f *function) *facts {
	if in.facts[f] == nil {
		in.flowOf(f)
		in.facts[f] = f.collectFacts()
	}
	return in.facts[f]
}

// Register names what register r holds when instruction i begins, the best
// name first: variables of the innermost scope that debug information places
// there, else one name that the code proves or makes likely.
func (in *Info) Register(fn *object.Function, i, r int) []Name {
	return in.query(in.function(fn), i).register(r)
}

// Access is what a load, store or atomic instruction reaches.
type Access struct {
	Base   int  // register
	Offset int  // added to it, in bytes
	Size   int  // in bytes
	Store  bool // or atomic
	// Pointer names what the base register holds, Target the bytes: `stats`
	// and `stats->packets`. A Target whose How is From is unknown but is a part
	// of Expr, or lies at an address computed from it. The Target of a slot in
	// which the compiler keeps a value is that value. Expr is empty when not known.
	Pointer, Target Name
}

// Access names what instruction i reaches; ok is false when it is none that
// reads or writes memory.
func (in *Info) Access(fn *object.Function, i int) (a Access, ok bool) {
	if i < 0 || i >= len(fn.Insns) || i > 0 && fn.Insns[i-1].Code == object.CodeLdImm && fn.Insns[i].Code == 0 {
		return a, false
	}
	insn := fn.Insns[i]
	class := insn.Code & 7
	if class != classLDX && class != classST && class != classSTX || insn.Regs&0xf > framePointer || insn.Src() > framePointer {
		return a, false
	}
	a = Access{Base: int(insn.Regs & 0xf), Offset: int(insn.Off), Size: int(accessSize(insn.Code)), Store: class != classLDX}
	if !a.Store {
		a.Base = int(insn.Src())
	}
	q := in.query(in.function(fn), i)
	if names := q.register(a.Base); len(names) > 0 {
		a.Pointer = names[0]
	}
	if a.Base == framePointer {
		var known bool
		a.Target, known = q.stackMemory(int64(a.Offset), int64(a.Size), 0)
		if !known && class == classSTX { // a spill: what is put there
			if names := q.register(int(insn.Src())); len(names) > 0 {
				a.Target = names[0]
			}
		}
		return a, true
	}
	if a.Pointer.Expr != "" && a.Pointer.How != From {
		if expr, p, found := target(a.Pointer.Expr, a.Pointer.elem(), int64(a.Offset), int64(a.Size), false); found {
			a.Target = a.Pointer
			a.Target.Expr, a.Target.Type, a.Target.How, a.Target.Param = expr, p.typ, Loaded, 0
			a.Target.Likely = a.Target.Likely || p.vague
			return a, true
		}
	}
	if q.state != nil {
		if n, ok := q.memory(q.state.regs[a.Base], int64(a.Offset), int64(a.Size), 0); ok {
			a.Target = n
		}
	}
	return a, true
}

// elem is what a name points to.
func (n Name) elem() *Type {
	if isArray(n.Type) && n.How == Address {
		return n.Type.Underlying().Elem()
	}
	return n.Type.Pointee()
}

// Stack says what the bytes [off, off+size) relative to r10 are at
// instruction i: variables, their members, padding.
func (in *Info) Stack(fn *object.Function, i int, off, size int64) []StackPart {
	return in.query(in.function(fn), i).stack(off, size)
}

// btfParams lists the parameters that BTF gives a function.
func (in *Info) btfParams(fn *object.Function) []Field {
	b := in.obj.BTF
	if b == nil {
		return nil
	}
	id := in.obj.FuncType(fn)
	if b.Kind(id) != object.KindFunc {
		return nil
	}
	return in.btf.members(b.Target(id))
}

// paramNumber counts a parameter of the function itself from 1; 0 for those of
// inlined functions.
func (in *Info) paramNumber(f *function, v *Variable) int {
	if v.scope != f.root {
		return 0
	}
	n := 0
	for _, o := range f.root.vars {
		if o.Param {
			if n++; o == v {
				return n
			}
		}
	}
	return 0
}
