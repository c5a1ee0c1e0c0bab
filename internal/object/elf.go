package object

import "debug/elf"

// Sections lists the sections of the file; the index is the ELF section index.
// Section.Data of them undoes compression.
func (o *Object) Sections() []*elf.Section { return o.file.Sections }

// SectionIndex returns the ELF section index of a function's code.
func (f *Function) SectionIndex() int { return f.section }

// SectionReloc is a relocation of any section, as debug information has them.
type SectionReloc struct {
	Offset uint64 // in the section, in bytes
	Type   uint32 // R_BPF_*
	Symbol elf.Symbol
}

// SectionRelocs lists the relocations that apply to a section; those against
// symbols that do not exist are left out.
func (o *Object) SectionRelocs(section int) []SectionReloc {
	var out []SectionReloc
	for _, r := range o.relsOf(section) {
		if !r.broken {
			out = append(out, SectionReloc{r.off, r.typ, r.sym})
		}
	}
	return out
}

// IsUnionForward says whether a forward declaration is one of a union.
func (b *BTF) IsUnionForward(id uint32) bool { return b.Kind(id) == KindFwd && b.info(id)>>31 == 1 }
