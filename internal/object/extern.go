package object

import (
	"debug/elf"
	"encoding/binary"
	"fmt"
	"sort"

	"github.com/cilium/ebpf"
)

// ExternKind says who resolves an extern.
type ExternKind uint8

// The kinds: a value of the kernel's configuration, a kernel function, a
// kernel variable with a type, a kernel symbol's address.
const (
	ExternKconfig ExternKind = iota
	ExternKfunc
	ExternVar
	ExternAddress
)

// Extern is something that the object declares and the kernel has.
type Extern struct {
	Name   string // with its flavour, as in the source
	Kind   ExternKind
	Weak   bool
	Type   uint32 // BTF type ID: a kfunc's prototype, a variable's type
	Offset uint32 // of a __kconfig variable in the .kconfig map
	Size   uint32 // of a __kconfig variable, in bytes
	Err    error

	symbol uint32
	align  uint32
}

// KernelName returns the name to look for in the kernel, without flavour.
func (e *Extern) KernelName() string { return essentialName(e.Name) }

// collectExterns mirrors bpf_object__collect_externs. Kernels know externs
// neither in .ksyms nor in .kconfig, so the BTF is changed to describe
// ordinary variables instead.
func (o *Object) collectExterns() {
	b := o.BTF
	sections := map[uint32]string{} // type ID of an extern → its section's name
	for _, name := range []string{".kconfig", ".ksyms"} {
		for _, v := range b.Members(b.Find(name, KindDatasec)) {
			sections[v.Type] = name
		}
	}
	byName := map[string]uint32{}
	for id := uint32(1); int(id) < b.Len(); id++ {
		k := b.Kind(id)
		if (k == KindVar || k == KindFunc) && b.Linkage(id) == LinkageExtern {
			if _, dup := byName[b.Name(id)]; !dup {
				byName[b.Name(id)] = id
			}
		}
	}
	for i, s := range o.syms {
		bind := elf.ST_BIND(s.Info)
		if i == 0 || s.Section != elf.SHN_UNDEF || s.Name == "" || elf.ST_TYPE(s.Info) != elf.STT_NOTYPE ||
			(bind != elf.STB_GLOBAL && bind != elf.STB_WEAK) {
			continue
		}
		id := byName[s.Name]
		if id == 0 {
			continue // reported where it is used
		}
		e := &Extern{Name: s.Name, Weak: bind == elf.STB_WEAK, symbol: uint32(i)}
		e.Type = b.Underlying(b.Target(id))
		switch {
		case sections[id] == ".kconfig":
			e.Kind = ExternKconfig
			e.Size, e.Err = b.Size(b.Target(id))
			e.align = b.Align(b.Target(id))
		case b.Kind(id) == KindFunc:
			e.Kind = ExternKfunc
		case e.Type == 0: // `extern const void sym __ksym`
			e.Kind = ExternAddress
		default:
			e.Kind = ExternVar
		}
		if e.Kind != ExternKconfig && sections[id] != ".ksyms" {
			e.Err = fmt.Errorf("`%s` is extern, but neither __ksym nor __kconfig", e.Name)
		}
		o.Externs = append(o.Externs, e)
	}
	// cmp_externs: .kconfig first, by alignment (largest first), size, name.
	sort.SliceStable(o.Externs, func(i, j int) bool {
		a, c := o.Externs[i], o.Externs[j]
		if (a.Kind == ExternKconfig) != (c.Kind == ExternKconfig) {
			return a.Kind == ExternKconfig
		}
		if a.Kind == ExternKconfig {
			if a.align != c.align {
				return a.align > c.align
			}
			if a.Size != c.Size {
				return a.Size < c.Size
			}
		}
		return a.Name < c.Name
	})
	o.layoutKconfig()
}

func (o *Object) layoutKconfig() {
	end := uint64(0)
	for _, e := range o.Externs {
		if e.Kind != ExternKconfig || e.Err != nil {
			continue
		}
		a := uint64(max(e.align, 1))
		end = (end + a - 1) / a * a
		e.Offset = uint32(end)
		end += uint64(e.Size)
		if end > 1<<20 {
			e.Err = fmt.Errorf("`%s`: __kconfig variables are too large", e.Name)
			end -= uint64(e.Size)
		}
	}
	if end == 0 {
		return
	}
	o.Maps = append(o.Maps, &Map{Name: ".kconfig", Role: KconfigMap, Type: ebpf.Array, KeySize: 4,
		ValueSize: uint32(end), MaxEntries: 1, Flags: flagRdonlyProg, Data: make([]byte, end),
		ValueType: o.BTF.Find(".kconfig", KindDatasec), section: -1})
}

// Kconfig returns the map of the __kconfig variables, nil if there are none.
func (o *Object) Kconfig() *Map {
	for _, m := range o.Maps {
		if m.Role == KconfigMap {
			return m
		}
	}
	return nil
}

// fixupDatasecs mirrors btf_fixup_datasec: clang leaves section sizes and
// variable offsets zero, the kernel wants them.
func (o *Object) fixupDatasecs() {
	b := o.BTF
	for id := uint32(1); int(id) < b.Len(); id++ {
		if b.Kind(id) != KindDatasec || b.Name(id) == ".ksyms" || b.Name(id) == ".kconfig" {
			continue
		}
		s := o.file.Section(b.Name(id))
		if s == nil {
			continue
		}
		fill := b.u32(id, 8) == 0
		if fill {
			b.set(id, 8, uint32(s.Size))
		}
		for i, v := range b.Members(id) {
			if b.Kind(v.Type) != KindVar || b.Linkage(v.Type) != LinkageGlobal {
				continue
			}
			for _, sym := range o.syms {
				if sym.Name != v.Name || elf.ST_TYPE(sym.Info) != elf.STT_OBJECT {
					continue
				}
				if fill {
					b.set(id, btfTypeLen+12*i+4, uint32(sym.Value))
				}
				if vis := elf.ST_VISIBILITY(sym.Other); vis == elf.STV_HIDDEN || vis == elf.STV_INTERNAL {
					b.set(v.Type, btfTypeLen, LinkageStatic)
				}
				break
			}
		}
		b.sortDatasec(id)
	}
	// Variables that are not static make their section's map mappable
	// (map_is_mmapable).
	for _, m := range o.Maps {
		if m.Role != DataMap && m.Role != RodataMap && m.Role != BssMap {
			continue
		}
		for _, v := range b.Members(m.ValueType) {
			if b.Kind(v.Type) == KindVar && b.Linkage(v.Type) != LinkageStatic {
				m.Flags |= flagMmapable
			}
		}
	}
}

func (b *BTF) sortDatasec(id uint32) {
	n := b.vlen(id)
	rec := b.record(id)[btfTypeLen : btfTypeLen+12*n]
	vars := make([][12]byte, n)
	for i := range vars {
		copy(vars[i][:], rec[12*i:])
	}
	sort.SliceStable(vars, func(i, j int) bool {
		return binary.LittleEndian.Uint32(vars[i][4:]) < binary.LittleEndian.Uint32(vars[j][4:])
	})
	for i := range vars {
		copy(rec[12*i:], vars[i][:])
	}
}
