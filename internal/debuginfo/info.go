package debuginfo

import (
	"debug/dwarf"
	"path"
	"sort"
	"strings"

	"github.com/bpfdiag/bpfdiag/internal/object"
)

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
}

// New prepares questions about an object.
func New(o *object.Object) *Info {
	return &Info{obj: o, btf: &btfTypes{btf: o.BTF, types: map[uint32]*Type{}},
		funcs: map[*object.Function]*function{}, facts: map[*function]*facts{}, files: map[*unit][]string{}}
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

// Place is where in the source an instruction comes from.
type Place struct {
	object.Position
	// Inlined lists the calls by which the line's function was inlined,
	// innermost first; Position.Function is the source function of the line.
	Inlined []Inlined
}

// Inlined is one inlined call: Function was called at File:Line:Column of Caller.
type Inlined struct {
	Function, Caller string
	File             string
	Line, Column     int // 0 when unknown
}

// Place returns the source position of instruction i and how it got there.
// ok is false when nothing tells.
func (in *Info) Place(fn *object.Function, i int) (p Place, ok bool) {
	p.Position, ok = in.obj.Position(fn, i)
	f := in.function(fn)
	s := f.innermost(i)
	if s == nil {
		return p, ok
	}
	if s.name != "" {
		p.Function = s.name
	}
	for ; s != nil; s = s.parent {
		if s.call != nil {
			caller := s.parent
			for caller.parent != nil && caller.call == nil {
				caller = caller.parent
			}
			p.Inlined = append(p.Inlined, Inlined{Function: s.name, Caller: caller.name,
				File: in.file(f.unit, s.call.file), Line: s.call.line, Column: s.call.column})
		}
	}
	return p, ok
}

// file returns an entry of a unit's file table as BTF would name it: absolute
// or relative to the compilation folder, as the compiler saw it.
func (in *Info) file(u *unit, i int) string {
	files, ok := in.files[u]
	if !ok {
		files = in.dwarf().fileTable(u)
		in.files[u] = files
	}
	if i < 0 || i >= len(files) {
		return ""
	}
	return files[i]
}

func (d *dwarfInfo) fileTable(u *unit) (out []string) {
	defer func() {
		if recover() != nil {
			out = nil
		}
	}()
	cu := d.entry(dwarf.Offset(u.root))
	if cu == nil {
		return nil
	}
	r, err := d.data.LineReader(cu)
	if err != nil || r == nil {
		return nil
	}
	for _, f := range r.Files() {
		if f == nil {
			out = append(out, "")
		} else {
			out = append(out, f.Name)
		}
	}
	return out
}

// Unit is what the compiler recorded of itself.
type Unit struct {
	Producer string // "clang version 22.1.8", with -grecord-command-line its arguments
	Name     string // of the source file, as it was given to the compiler
	Dir      string // the folder in which it ran
	Rust     bool
	Language int64 // DW_LANG_*
}

// Unit returns the compile unit of a function; ok is false without DWARF.
func (in *Info) Unit(fn *object.Function) (u Unit, ok bool) {
	f := in.function(fn)
	if f.unit == nil {
		return u, false
	}
	cu := in.dwarf().entry(dwarf.Offset(f.unit.root))
	if cu == nil {
		return u, false
	}
	u.Producer, _ = cu.Val(dwarf.AttrProducer).(string)
	u.Name, _ = cu.Val(dwarf.AttrName).(string)
	u.Dir, _ = cu.Val(dwarf.AttrCompDir).(string)
	u.Language, _ = cu.Val(dwarf.AttrLanguage).(int64)
	u.Rust = f.rust
	return u, true
}

// Resolve makes a file name of BTF or DWARF absolute where it is relative to
// the folder of the compilation.
func (in *Info) Resolve(fn *object.Function, file string) string {
	if file == "" || path.IsAbs(file) || strings.HasPrefix(file, "<") {
		return file
	}
	if u, ok := in.Unit(fn); ok && u.Dir != "" {
		return path.Join(u.Dir, file)
	}
	return file
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

// Live is a variable in scope and where it is; no Locations means that the
// compiler has optimised it away at this instruction.
type Live struct {
	*Variable
	Locations []Location
}

// Variables lists what is in scope when instruction i begins, inner scopes first.
func (in *Info) Variables(fn *object.Function, i int) []Live {
	var out []Live
	for _, v := range in.function(fn).inScope(i) {
		out = append(out, Live{v, v.at(i)})
	}
	return out
}

// StackUse is the share of a variable in a function's stack frame.
type StackUse struct {
	*Variable
	Offset, Size int64 // relative to r10, in bytes
	Likely       bool
}

// StackUse lists the variables on a function's stack, the largest first, and
// the depth of the frame that its code uses, in bytes. Variables of different
// blocks may share their place.
func (in *Info) StackUse(fn *object.Function) (vars []StackUse, depth int64) {
	f := in.function(fn)
	depth, _, _ = deepestSlot(fn)
	depth = max((depth+7)&^7, f.frame)
	for _, v := range f.vars {
		for _, s := range v.locs {
			for _, l := range s.locs {
				if l.Kind != OnStack {
					continue
				}
				u := StackUse{v, l.Offset, v.partSize(l), f.doubt}
				seen := false
				for _, o := range vars {
					seen = seen || o == u
				}
				if !seen {
					vars = append(vars, u)
				}
			}
		}
	}
	sort.SliceStable(vars, func(a, b int) bool { return vars[a].Size > vars[b].Size })
	return vars, depth
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
