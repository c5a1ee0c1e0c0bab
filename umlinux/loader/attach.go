package loader

import (
	"errors"
	"fmt"
	"strings"

	"github.com/bpfdiag/bpfdiag/internal/loaderror"
	"github.com/bpfdiag/bpfdiag/internal/object"
	"github.com/cilium/ebpf/btf"
)

// setType finds a program's type, attach type and target from its section's
// name (bpf_object_init_progs, libbpf_prepare_prog_load), from the struct_ops
// that name it, or from its context argument.
func (l *load) setType(p *program) error {
	section := p.fn.SectionName()
	def, known := findSection(section)
	if !known || def.typ == typeExt {
		if g, ok := l.guess(p.fn); ok {
			p.guessed = g.name
			p.typ, p.attach, p.hasAtt = g.typ, g.attach, g.hasAttach
			p.expected = uint32(g.attach)
			return nil
		}
		if def.typ == typeExt {
			p.typ = typeExt
			return &loaderror.Error{Cause: loaderror.Target, Name: p.fn.Section,
				Err: errors.New("a freplace program is verified against the program that it replaces, which is not here, and its context argument does not tell that program's type")}
		}
		if section == ".text" {
			return &loaderror.Error{Cause: loaderror.Section, Err: fmt.Errorf("`%s` has no SEC() that says what type of program it is", p.fn.Name)}
		}
		return &loaderror.Error{Cause: loaderror.Section, Name: p.fn.Section, Similar: similarSections(section),
			Err: fmt.Errorf("SEC(%q) names no program type that libbpf knows, and the context argument does not tell one", p.fn.Section)}
	}
	p.typ, p.attach, p.hasAtt = def.typ, def.attach, def.hasAttach
	p.expected = uint32(def.attach)
	if def.flags&sleepable != 0 {
		p.flags |= flagSleepable
	}
	if def.flags&frags != 0 {
		p.flags |= flagXDPFrags
	}
	if def.flags&usdt != 0 && l.kernel.AtLeast(6, 6) {
		p.attach, p.hasAtt = attachUprobes, true
		p.expected = uint32(attachUprobes)
	}
	switch {
	case p.typ == typeStructOps:
		return l.setStructOps(p)
	case def.flags&attachBTF != 0:
		return l.setTarget(p, section)
	}
	return nil
}

// setTarget finds the kernel function or type that a program attaches to
// (libbpf_find_attach_btf_id).
func (l *load) setTarget(p *program, section string) error {
	_, name, ok := strings.Cut(section, "/")
	if !ok || name == "" {
		return &loaderror.Error{Cause: loaderror.Target, What: targetKind(p), Name: p.fn.Section,
			Err: fmt.Errorf("SEC(%q) names no target; a checker cannot know what the loader sets at run time: write SEC(\"%s/FUNCTION\")", p.fn.Section, section)}
	}
	if mod, fn, ok := strings.Cut(name, ":"); ok {
		if mod != "vmlinux" {
			return l.kernel.missing(loaderror.Module, mod)
		}
		name = fn
	}
	var err error
	p.attachID, _, err = l.kernel.lookUp(targetKind(p), name)
	return l.kernel.withSimilar(err)
}

// targetKind is what a program attaches to.
func targetKind(p *program) string {
	switch p.attach {
	case attachRawTP:
		return loaderror.Tracepoint
	case attachLSM, attachLSMCg:
		return loaderror.LSMHook
	case attachIter:
		return loaderror.Iterator
	}
	return loaderror.Function
}

// setStructOps finds the kernel structure and member that a callback is for,
// through the struct_ops variable that names it (bpf_map__init_kern_struct_ops).
func (l *load) setStructOps(p *program) error {
	found := false
	var firstErr error
	for _, m := range l.obj.Maps {
		if m.StructOps == nil {
			continue
		}
		for _, member := range m.StructOps.Members {
			if member.Program != p.fn {
				continue
			}
			found = true
			id, index, err := l.structOpsMember(m.StructOps.TypeName, member.Name)
			if err == nil {
				p.attachID, p.expected = id, index
				return nil
			}
			if firstErr == nil {
				firstErr = err
			}
		}
	}
	if !found {
		return &loaderror.Error{Cause: loaderror.Target, What: loaderror.StructOps, Name: p.fn.Section,
			Err: fmt.Errorf("no struct_ops variable of the object names `%s`, so nothing says which callback it is", p.fn.Name)}
	}
	return firstErr
}

func (l *load) structOpsMember(typ, member string) (id, index uint32, err error) {
	if _, _, err := l.kernel.lookUp(loaderror.StructOps, typ); err != nil {
		return 0, 0, err
	}
	id, t, err := l.kernel.find(typ, isA[*btf.Struct])
	if err != nil {
		return 0, 0, err
	}
	for i, m := range t.(*btf.Struct).Members {
		if m.Name == member {
			return id, uint32(i), nil
		}
	}
	return 0, 0, l.kernel.missing(loaderror.Member, typ+"."+member)
}

// guess finds a program's type from its context argument
// (guess_prog_type_by_ctx_name in veristat).
func (l *load) guess(fn *object.Function) (sectionDef, bool) {
	b := l.obj.BTF
	if b == nil {
		return sectionDef{}, false
	}
	params := b.Members(b.Target(l.obj.FuncType(fn)))
	if len(params) != 1 {
		return sectionDef{}, false
	}
	ptr := b.Modified(params[0].Type)
	if b.Kind(ptr) != object.KindPtr {
		return sectionDef{}, false
	}
	d, ok := contextTypes[b.Name(b.Modified(b.Target(ptr)))]
	return d, ok
}
