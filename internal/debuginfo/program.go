package debuginfo

import (
	"strings"

	"github.com/bpfdiag/bpfdiag/internal/object"
)

// Placed says that a function's code stands at instruction At of a program.
type Placed struct {
	Function *object.Function
	At       int
}

// Program is a program as it is loaded: its main function, then the
// subprograms in the order of their first call.
type Program []Placed

// Find returns the function that instruction insn of the program belongs to,
// and its index there.
func (p Program) Find(insn int) (fn *object.Function, i int, ok bool) {
	for _, pl := range p {
		if insn >= pl.At && insn-pl.At < len(pl.Function.Insns) {
			return pl.Function, insn - pl.At, true
		}
	}
	return nil, 0, false
}

// Layout says how a program is laid out when it is loaded, as libbpf does it
// (bpf_object__append_subprog_code). It is what the instruction numbers of a
// log that somebody else's loader got refer to; calls that lead nowhere are
// left out.
func Layout(o *object.Object, main *object.Function) Program {
	l := layout{obj: o, done: map[*object.Function]bool{}}
	l.place(main)
	if o.BTF != nil {
		for _, tag := range o.BTF.Tags(o.BTF.Find(main.Name, object.KindFunc), -1) {
			if name, ok := strings.CutPrefix(tag, "exception_callback:"); ok {
				for _, f := range o.Functions {
					if f.Name == name {
						l.place(f)
					}
				}
			}
		}
	}
	return l.out
}

type layout struct {
	obj  *object.Object
	out  Program
	done map[*object.Function]bool
	next int
}

func (l *layout) place(fn *object.Function) {
	if l.done[fn] {
		return
	}
	l.done[fn] = true
	l.out = append(l.out, Placed{fn, l.next})
	l.next += len(fn.Insns)
	relocs := map[int]object.Reloc{}
	for _, r := range fn.Relocs {
		relocs[r.Insn] = r
	}
	for i, in := range fn.Insns {
		r, has := relocs[i]
		target := fn.Offset() + i + int(in.Imm) + 1
		switch {
		case has && r.Kind == object.RelocFuncAddr:
			target = (int(r.Offset) + int(in.Imm)) / 8
		case in.Code != object.CodeCall || in.Src() != object.PseudoCall || has && r.Kind != object.RelocCall:
			continue
		case has:
			target = int(r.Offset)/8 + int(in.Imm) + 1
		}
		if sub := l.obj.Subprogram(target); sub != nil {
			l.place(sub)
		}
	}
}
