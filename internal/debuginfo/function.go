package debuginfo

import (
	"debug/dwarf"
	"sort"

	"github.com/bpfdiag/bpfdiag/internal/object"
)

// Variable is a variable or parameter of a function, or of a function that was
// inlined into it.
type Variable struct {
	Name  string
	Type  *Type
	Param bool
	Line  int // of its declaration, 0 when unknown
	// Function is the source function that declares it: that of the code, or
	// one that was inlined.
	Function string

	scope *scope
	locs  []span
}

// span is where a variable is while instructions from to to-1 of the
// function begin.
type span struct {
	from, to int
	locs     []Location
}

// scope is a function, an inlined call, or a block.
type scope struct {
	parent *scope
	name   string // of the source function
	depth  int
	ranges [][2]int // instructions; none means all of the parent's
	call   *call    // of an inlined call
	vars   []*Variable
	inner  []*scope
}

// call is the place of an inlined call.
type call struct {
	file         int // index of the unit's file table
	line, column int
}

func (s *scope) contains(i int) bool {
	if s.ranges == nil {
		return s.parent == nil || s.parent.contains(i)
	}
	for _, r := range s.ranges {
		if r[0] <= i && i < r[1] {
			return true
		}
	}
	return false
}

// function is what debug information says of one function.
type function struct {
	fn     *object.Function
	base   uint64 // its address
	unit   *unit
	rust   bool
	root   *scope // nil without DWARF
	vars   []*Variable
	frame  int64 // bytes that biased offsets are off by
	doubt  bool  // the frame's size is not proven
	flow   *flow
	flowed bool // flow was tried
}

// loadFunction reads the scopes and variables of a function.
func (d *dwarfInfo) loadFunction(fn *object.Function) *function {
	f := &function{fn: fn, base: address(fn.SectionIndex(), uint64(fn.Offset())*8)}
	if d == nil {
		return f
	}
	sub, ok := d.funcs[f.base]
	if !ok {
		return f
	}
	f.unit = sub.unit
	if cu := d.entry(dwarf.Offset(sub.unit.root)); cu != nil {
		lang, _ := cu.Val(dwarf.AttrLanguage).(int64)
		f.rust = lang == langRust
	}
	e := d.entry(sub.off)
	if e == nil {
		return f
	}
	name, _ := d.attr(e, dwarf.AttrName).(string)
	f.root = &scope{name: name}
	r := d.data.Reader()
	r.Seek(sub.off)
	d.next(r)
	if e.Children {
		d.loadScope(f, f.root, r)
	}
	f.repairFrame()
	return f
}

// loadScope reads the children of a scope, up to their end.
func (d *dwarfInfo) loadScope(f *function, s *scope, r *dwarf.Reader) {
	for {
		e := d.next(r)
		if e == nil || e.Tag == 0 {
			return
		}
		switch e.Tag {
		case dwarf.TagFormalParameter, dwarf.TagVariable:
			d.loadVariable(f, s, e)
		case dwarf.TagLexDwarfBlock, dwarf.TagInlinedSubroutine:
			if s.depth >= maxNesting {
				return
			}
			in := &scope{parent: s, name: s.name, depth: s.depth + 1}
			for _, rg := range d.rangesOf(f.unit, e) {
				in.ranges = append(in.ranges, [2]int{f.index(rg[0]), f.index(rg[1])})
			}
			if e.Tag == dwarf.TagInlinedSubroutine {
				in.name, _ = d.attr(e, dwarf.AttrName).(string)
				in.call = &call{file: intVal(e, dwarf.AttrCallFile), line: intVal(e, dwarf.AttrCallLine), column: intVal(e, dwarf.AttrCallColumn)}
			}
			s.inner = append(s.inner, in)
			if e.Children {
				d.loadScope(f, in, r)
			}
			continue
		}
		if e.Children {
			d.skipChildren(r)
		}
	}
}

// skipChildren is Reader.SkipChildren without its recursion, and counted.
func (d *dwarfInfo) skipChildren(r *dwarf.Reader) {
	for depth := 1; depth > 0; {
		e := d.next(r)
		if e == nil {
			return
		}
		if e.Tag == 0 {
			depth--
		} else if e.Children {
			depth++
		}
	}
}

func intVal(e *dwarf.Entry, a dwarf.Attr) int {
	v, _ := e.Val(a).(int64)
	return int(v)
}

// index is the instruction of the function at an address, rounded up, within
// 0 and the function's length.
func (f *function) index(addr uint64) int {
	if addr < f.base {
		return 0
	}
	n := uint64(len(f.fn.Insns))
	return int(min((addr-f.base+7)/8, n))
}

func (d *dwarfInfo) loadVariable(f *function, s *scope, e *dwarf.Entry) {
	v := &Variable{Param: e.Tag == dwarf.TagFormalParameter, Function: s.name, scope: s}
	v.Name, _ = d.attr(e, dwarf.AttrName).(string)
	if v.Name == "" {
		return
	}
	line, _ := d.attr(e, dwarf.AttrDeclLine).(int64)
	v.Line = int(line)
	v.Type = d.typeOf(e, f.rust)
	if field := e.AttrField(dwarf.AttrLocation); field != nil {
		for _, l := range d.locations(f.unit, field) {
			locs := parseLocation(l.expr)
			if from, to := f.index(l.from), f.index(l.to); len(locs) > 0 && from < to {
				v.locs = append(v.locs, span{from, to, locs})
			}
		}
	} else if c, ok := e.Val(dwarf.AttrConstValue).(int64); ok {
		v.locs = []span{{0, len(f.fn.Insns), []Location{{Kind: Constant, Value: c}}}}
	}
	s.vars = append(s.vars, v)
	f.vars = append(f.vars, v)
}

// at returns where a variable is when instruction i begins.
func (v *Variable) at(i int) []Location {
	for _, l := range v.locs {
		if l.from <= i && i < l.to {
			return l.locs
		}
	}
	return nil
}

// inScope lists the variables whose scope covers instruction i, those of the
// innermost scope first, later declared ones before earlier ones.
func (f *function) inScope(i int) []*Variable {
	var out []*Variable
	for _, v := range f.vars {
		if v.scope.contains(i) {
			out = append(out, v)
		}
	}
	sort.SliceStable(out, func(a, b int) bool {
		if x, y := out[a].scope.depth, out[b].scope.depth; x != y {
			return x > y
		}
		return out[a].Line > out[b].Line
	})
	return out
}

// innermost returns the innermost inlined call that covers instruction i, or
// the function's own scope; nil without DWARF.
func (f *function) innermost(i int) *scope {
	best := f.root
	var walk func(s *scope)
	walk = func(s *scope) {
		for _, in := range s.inner {
			if !in.contains(i) {
				continue
			}
			if in.call != nil {
				best = in
			}
			walk(in)
		}
	}
	if best != nil {
		walk(best)
	}
	return best
}
