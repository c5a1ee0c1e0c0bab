package loader

import (
	"fmt"
	"math"

	"github.com/bpfdiag/bpfdiag/internal/object"
)

// Layout says where the functions of a linked program stand: its own first,
// then what it calls, each behind the one that calls it first.
type Layout []Placement

// Placement is a function and the index of its first instruction.
type Placement struct {
	Function *object.Function
	At       int
}

// Find returns the function that an instruction of the program belongs to, and
// which of its instructions it is.
func (l Layout) Find(insn int) (fn *object.Function, i int, ok bool) {
	for _, p := range l {
		if insn >= p.At && insn-p.At < len(p.Function.Insns) {
			return p.Function, insn - p.At, true
		}
	}
	return nil, 0, false
}

// Len is the number of a program's instructions.
func (l Layout) Len() (n int) {
	for _, p := range l {
		n = max(n, p.At+len(p.Function.Insns))
	}
	return n
}

// Place returns the index in the program of an instruction of a function, -1
// if the function is not in the program.
func (l Layout) Place(fn *object.Function, insn int) int {
	for _, p := range l {
		if p.Function == fn {
			return p.At + insn
		}
	}
	return -1
}

// With appends a function if it is not in the layout: one that could not be
// linked, whose instructions somebody wants to find.
func (l Layout) With(fn *object.Function) Layout {
	if fn == nil || l.Place(fn, 0) >= 0 {
		return l
	}
	end := 0
	for _, p := range l {
		end = max(end, p.At+len(p.Function.Insns))
	}
	return append(l, Placement{fn, end})
}

// LayoutOf returns the layout of a program without a kernel to link it for:
// what a kernel has changes instructions, but not their number. A program that
// cannot be linked is laid out as far as its calls can be followed.
func LayoutOf(o *object.Object, fn *object.Function) Layout {
	var l Layout
	n := 0
	var place func(fn *object.Function)
	place = func(fn *object.Function) {
		for _, p := range l {
			if p.Function == fn {
				return
			}
		}
		if n > maxInsns {
			return
		}
		l = append(l, Placement{fn, n})
		n += len(fn.Insns)
		relocs := relocsByInsn(fn)
		for i, in := range fn.Insns {
			if sub, err := callee(o, fn, i, in, relocs); sub != nil && err == nil {
				place(sub)
			}
		}
	}
	place(fn)
	if cb, err := exceptionCallback(o, fn); cb != nil && err == nil {
		place(cb)
	}
	return l
}

func relocsByInsn(fn *object.Function) map[int]object.Reloc {
	relocs := map[int]object.Reloc{}
	for _, r := range fn.Relocs {
		relocs[r.Insn] = r
	}
	return relocs
}

// callee returns the function of the object that an instruction calls or takes
// the address of, nil if it does neither.
func callee(o *object.Object, fn *object.Function, i int, in object.Insn, relocs map[int]object.Reloc) (*object.Function, error) {
	r, has := relocs[i]
	target := math.MinInt
	switch {
	case has && r.Kind == object.RelocFuncAddr:
		target = (int(r.Offset) + int(in.Imm)) / 8
	case in.Code != object.CodeCall || in.Src() != object.PseudoCall || has && r.Kind == object.RelocExternCall:
		return nil, nil
	case has && r.Kind == object.RelocCall:
		target = int(r.Offset)/8 + int(in.Imm) + 1
	case has:
		return nil, fmt.Errorf("%s: the call at instruction %d has a relocation that is none of a call", fn.Name, i)
	default: // static functions of one section call each other without relocations
		target = fn.Offset() + i + int(in.Imm) + 1
	}
	sub := o.Subprogram(target)
	if sub == nil {
		return nil, fmt.Errorf("%s: the call at instruction %d leads to no function", fn.Name, i)
	}
	return sub, sub.Err
}
