package facts

import (
	"sort"
	"strings"

	"github.com/bpfdiag/bpfdiag/internal/debuginfo"
	"github.com/bpfdiag/bpfdiag/internal/object"
	"github.com/bpfdiag/bpfdiag/verifierlog"
)

// Fact is what is known of a variable, or of an expression such as `ctx->data`, at a line.
type Fact struct {
	Name string // in the source language
	Type *debuginfo.Type
	// Before is what it may hold when the line begins; of what is read from memory, what
	// is read there. After is what the line leaves in it. An empty set says nothing.
	Before, After Set
	// Visits is how often the verifier came by, over all paths.
	Visits int
	// Likely says that the name is not proven.
	Likely bool
	// Memory: it is read from or written to memory, whose content the verifier does not follow.
	Memory bool
}

// At is what is known of a name at a line of a file; ok is false if nothing is.
func (p *Program) At(file string, line int, name string) (f Fact, ok bool) {
	name = squeeze(name)
	for _, f := range p.Line(file, line) {
		if squeeze(f.Name) == name {
			return f, true
		}
	}
	return f, false
}

// squeeze leaves out the spaces of an expression, which the source may have and a name
// made from debug information has not.
func squeeze(s string) string {
	out := make([]byte, 0, len(s))
	for i := range len(s) {
		if c := s[i]; c != ' ' && c != '\t' && c != '\n' {
			out = append(out, c)
		}
	}
	return string(out)
}

// Line is what is known at a line of a file, variables in order of their names, then
// what is read from and written to memory there.
func (p *Program) Line(file string, line int) []Fact {
	c := collector{p: p, facts: map[string]*Fact{}}
	for _, r := range p.lines[p.Find(file)][line] {
		c.run(&r)
	}
	var out []Fact
	for _, f := range c.facts {
		if f.says() {
			out = append(out, *f)
		}
	}
	sort.Slice(out, func(i, j int) bool {
		if out[i].Memory != out[j].Memory {
			return out[j].Memory
		}
		return out[i].Name < out[j].Name
	})
	return out
}

// says drops what nothing is known of and says whether something is left.
func (f *Fact) says() bool {
	for _, s := range []*Set{&f.Before, &f.After} {
		if s.Any || f.Memory && s.whole(f.Type) {
			*s = Set{}
		}
	}
	return !f.Before.Empty() || !f.After.Empty()
}

// collector puts the facts of a line together.
type collector struct {
	p     *Program
	facts map[string]*Fact
}

func (c *collector) fact(name string, t *debuginfo.Type, visits int) *Fact {
	f := c.facts[name]
	if f == nil {
		f = &Fact{Name: name, Type: t}
		c.facts[name] = f
	}
	f.Visits = max(f.Visits, visits)
	return f
}

// run adds what is known at a run of instructions of the line.
func (c *collector) run(r *run) {
	visits := 0
	for i := r.from; i < r.to; i++ {
		visits = max(visits, c.p.points[i].visits)
	}
	first := c.variables(r, r.from)
	for _, v := range first {
		if set := c.p.held(r.from, v); !set.Empty() {
			f := c.fact(v.Name, v.Type, visits)
			f.Before.addSet(&set)
		}
	}
	c.registers(r, first, visits)
	after := map[string]change{}
	now := first
	for i := r.from; i < r.to; i++ {
		q := c.p.visited(i)
		if q == nil {
			continue
		}
		next := i + 1
		if q.insn.Op == verifierlog.OpLoadImm {
			next++
		}
		then := c.variables(r, next)
		for _, v := range then {
			if set, changed := c.p.changed(i, next, v, lookup(now, v.Name)); changed {
				after[v.Name] = change{v, set}
			}
		}
		now = then
		c.memory(r, i, q, visits)
	}
	for name, ch := range after {
		f := c.fact(name, ch.v.Type, visits)
		f.After.addSet(&ch.set)
	}
}

// registers adds the variables that debug information places nowhere, but whose value is in
// a register when the run begins: the code shows that it was moved there.
func (c *collector) registers(r *run, known []debuginfo.Live, visits int) {
	q := c.p.visited(r.from)
	if q == nil {
		return
	}
	for reg := range 10 {
		for _, n := range c.p.c.Info.Register(r.fn, r.from-r.base, reg) {
			if n.Likely || n.Elsewhere || n.How != debuginfo.Same && n.How != debuginfo.Argument || n.Var == nil || n.Var.Name != n.Expr || n.Var.Function != r.function {
				continue
			}
			if v := lookup(known, n.Expr); v.Variable != nil && (v.Variable != n.Var || len(v.Locations) > 0) {
				continue
			}
			set := q.at(reg)
			c.fact(n.Expr, n.Type, visits).Before.addSet(&set)
			known = append(known, debuginfo.Live{Variable: n.Var, Locations: []debuginfo.Location{{}}})
		}
	}
}

type change struct {
	v   debuginfo.Live
	set Set
}

// variables are those of the line's own function, not of one that it is inlined into, that
// are in scope and somewhere when an instruction begins.
func (c *collector) variables(r *run, insn int) []debuginfo.Live {
	i := insn - r.base
	if i >= len(r.fn.Insns) {
		return nil
	}
	var out []debuginfo.Live
	for _, v := range c.p.c.Info.Variables(r.fn, i) {
		if v.Function == r.function && lookup(out, v.Name).Variable == nil {
			out = append(out, v)
		}
	}
	return out
}

func lookup(vars []debuginfo.Live, name string) debuginfo.Live {
	for _, v := range vars {
		if v.Name == name {
			return v
		}
	}
	return debuginfo.Live{}
}

// held is what a variable holds in front of an instruction, empty if it is not known where
// it is, or in parts.
func (p *Program) held(insn int, v debuginfo.Live) Set {
	q := p.visited(insn)
	if q == nil || len(v.Locations) != 1 {
		return Set{}
	}
	switch l := v.Locations[0]; {
	case l.PartSize > 0 && l.PartSize != v.Type.ByteSize():
	case l.Kind == debuginfo.InRegister && l.Register < 10:
		return q.at(l.Register)
	case l.Kind == debuginfo.OnStack && l.Offset%8 == 0:
		if loc, ok := slotLoc(l.Offset); ok {
			return spilled(q.at(loc), v.Type.ByteSize())
		}
	case l.Kind == debuginfo.OnStack:
		base := l.Offset &^ 7
		if loc, ok := slotLoc(base); ok {
			return inside(q.at(loc), l.Offset-base, v.Type.ByteSize())
		}
	case l.Kind == debuginfo.Constant:
		return Set{Values: []Value{number(exactly(l.Value))}}
	}
	return Set{}
}

// spilled is the value of a variable of some bytes at the beginning of a slot, empty if
// the slot has no value.
func spilled(s Set, size int64) (out Set) {
	for _, v := range s.Values {
		if v.Base == verifierlog.StackBytes || size > 8 || v.Bytes != "" && int(size) != 8-len(v.Bytes) {
			return Set{}
		}
		v.Bytes = ""
		out.add(v)
	}
	return out
}

// inside is the number in some bytes of a slot that do not begin it, empty if one of them
// may not be written.
func inside(s Set, from, size int64) (out Set) {
	if size < 1 || from+size > 8 {
		return Set{}
	}
	for _, v := range s.Values {
		narrow := int64(8 - len(v.Bytes)) // bytes that have the value
		switch {
		case v.Base == verifierlog.Scalar && v.Bytes == "":
			b := arithmetic(">>=", v.Bounds, exactly(8*from), true)
			out.add(number(arithmetic("&=", b, exactly(1<<(8*size)-1), true)))
			continue
		case v.Base == verifierlog.Scalar && from < narrow, v.Base != verifierlog.Scalar && v.Base != verifierlog.StackBytes:
			return Set{}
		}
		// The letters begin with the slot's last byte.
		letters := v.Bytes[8-from-size : 8-from]
		switch {
		case strings.Trim(letters, "0") == "":
			out.add(number(exactly(0)))
		case strings.Trim(letters, "0m") == "":
			out.add(number(below(int(8 * size))))
		default:
			return Set{}
		}
	}
	return out
}

// changed says whether instruction i, which next follows, gives a variable a value, and which.
func (p *Program) changed(i, next int, v, was debuginfo.Live) (Set, bool) {
	q := &p.points[i]
	if len(v.Locations) != 1 || q.insn.Op == verifierlog.OpJump || q.insn.Op == verifierlog.OpGoto {
		return Set{}, false
	}
	l := v.Locations[0]
	if l.Kind == debuginfo.InRegister && l.Register == q.result() {
		if q.insn.Op == verifierlog.OpCall && !q.after.was { // of the program: it returns elsewhere
			return p.held(next, v), true
		}
		set := q.after.get()
		set.Values = append([]Value(nil), set.Values...)
		set.addSet(&q.afterMore)
		return set, true
	}
	if l.Kind == debuginfo.OnStack && q.insn.Op == verifierlog.OpStore && q.insn.Mem.Base == 10 && int64(q.insn.Mem.Offset) == l.Offset {
		return p.held(next, v), true
	}
	if was.Variable == v.Variable && len(was.Locations) == 1 && sameLocation(&was.Locations[0], &l) {
		return Set{}, false
	}
	return p.held(next, v), true
}

func sameLocation(a, b *debuginfo.Location) bool {
	return a.Kind == b.Kind && a.Register == b.Register && a.Offset == b.Offset && a.Value == b.Value
}

// memory adds what an instruction reads or writes.
func (c *collector) memory(r *run, i int, q *point, visits int) {
	if q.insn.Op != verifierlog.OpLoad && q.insn.Op != verifierlog.OpStore {
		return
	}
	a, ok := c.p.c.Info.Access(r.fn, i-r.base)
	if !ok || a.Target.Expr == "" || a.Target.How == debuginfo.From {
		return
	}
	if v := a.Target.Var; v != nil && v.Name == a.Target.Expr {
		return // a variable: known as such
	}
	// A part of it is not it: the compiler loads 16 bits that may be misaligned byte by byte.
	if t := a.Target.Type; t == nil || t.ByteSize() != int64(a.Size) {
		return
	}
	switch a.Target.Type.Underlying().Kind {
	case debuginfo.Struct, debuginfo.Union, debuginfo.Array:
		return
	}
	f := c.fact(a.Target.Expr, a.Target.Type, visits)
	f.Memory = true
	f.Likely = f.Likely || a.Target.Likely || a.Target.Elsewhere
	if q.insn.Op == verifierlog.OpLoad {
		set := q.after.get()
		set.Values = append([]Value(nil), set.Values...)
		set.addSet(&q.afterMore)
		f.Before.addSet(&set)
		return
	}
	set := Set{Values: []Value{number(exactly(q.insn.Imm))}}
	if !q.insn.HasImm {
		set = q.at(q.insn.Src)
	}
	f.After.addSet(&set)
}

// Object is the object that the program is of.
func (p *Program) Object() *object.Object { return p.c.Object }
