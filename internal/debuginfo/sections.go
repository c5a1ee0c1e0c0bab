package debuginfo

import (
	"debug/dwarf"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/bpfdiag/bpfdiag/internal/object"
)

// Relocation types (llvm/BinaryFormat/ELFRelocs/BPF.def).
const (
	relAbs64 = 2
	relAbs32 = 3
)

// maxDebugSize bounds the debug sections of one object after decompression.
const maxDebugSize = 512 << 20

// debugSections reads the .debug_* sections by name, relocated.
//
// debug/elf's own DWARF() does not know BPF's relocations. An object file has
// every section at address 0, so that addresses of two sections would be the
// same: an address here is the index of the section << 32 plus the offset.
func debugSections(o *object.Object) (map[string][]byte, error) {
	out := map[string][]byte{}
	total := uint64(0)
	for i, s := range o.Sections() {
		name, ok := strings.CutPrefix(s.Name, ".debug_")
		if !ok || s.Type == elf.SHT_NOBITS {
			continue
		}
		if total += s.Size; s.Size > maxDebugSize || total > maxDebugSize {
			return nil, fmt.Errorf("debug sections are larger than %d MiB", maxDebugSize>>20)
		}
		data, err := s.Data()
		if err != nil {
			return nil, fmt.Errorf("section %s: %w", s.Name, err)
		}
		relocate(data, o.SectionRelocs(i), o.Sections())
		out[name] = data
	}
	return out, nil
}

// relocate applies SHT_REL relocations, whose addends stand in place. Those
// between debug sections add the 0 that their section symbols are.
func relocate(data []byte, relocs []object.SectionReloc, sections []*elf.Section) {
	le := binary.LittleEndian
	for _, r := range relocs {
		v := r.Symbol.Value
		if i := int(r.Symbol.Section); i < len(sections) && sections[i].Flags&elf.SHF_ALLOC != 0 {
			v += address(i, 0)
		}
		switch {
		case r.Offset > uint64(len(data)):
		case r.Type == relAbs64 && uint64(len(data))-r.Offset >= 8:
			at := data[r.Offset:]
			le.PutUint64(at, le.Uint64(at)+v)
		case r.Type == relAbs32 && uint64(len(data))-r.Offset >= 4:
			at := data[r.Offset:]
			le.PutUint32(at, le.Uint32(at)+uint32(v))
		}
	}
}

// address is the DWARF address of an offset in bytes of an ELF section.
func address(section int, offset uint64) uint64 { return uint64(section)<<32 + offset }

// newData makes debug/dwarf's view of the sections.
func newData(sec map[string][]byte) (*dwarf.Data, error) {
	d, err := dwarf.New(sec["abbrev"], nil, nil, sec["info"], sec["line"], nil, sec["ranges"], sec["str"])
	if err != nil {
		return nil, err
	}
	for _, name := range []string{"addr", "line_str", "str_offsets", "rnglists"} {
		if b := sec[name]; len(b) > 0 {
			if err := d.AddSection(".debug_"+name, b); err != nil {
				return nil, err
			}
		}
	}
	return d, nil
}
