package object

import (
	"debug/elf"
	"encoding/binary"
	"fmt"
)

// RelocKind says what an instruction refers to.
type RelocKind uint8

// The kinds, after enum reloc_type in libbpf.
const (
	RelocMap        RelocKind = iota // a map
	RelocData                        // a place in a data map or the arena
	RelocExternCall                  // a kfunc
	RelocExternAddr                  // a __ksym or __kconfig variable
	RelocCall                        // a subprogram, called
	RelocFuncAddr                    // a subprogram, as a callback
	RelocJumpTable                   // a table of instructions
)

// Reloc is a reference of one instruction.
type Reloc struct {
	Insn   int // index in the function
	Kind   RelocKind
	Map    *Map
	Extern *Extern
	Offset uint64 // symbol's value: bytes from its section's beginning
	Size   uint64 // symbol's size
}

// rel is a relocation record with its symbol.
type rel struct {
	off    uint64
	typ    uint32 // R_BPF_*
	index  uint32 // of the symbol
	sym    elf.Symbol
	broken bool // the symbol does not exist
}

// addend is what stands in place where the relocation applies (SHT_REL).
func (r rel) addend(data []byte) uint64 {
	if r.off+8 > uint64(len(data)) {
		return 0
	}
	return binary.LittleEndian.Uint64(data[r.off:])
}

// relsOf returns the relocations that apply to a section.
func (o *Object) relsOf(section int) []rel {
	var out []rel
	for _, s := range o.file.Sections {
		if s.Type != elf.SHT_REL || int(s.Info) != section {
			continue
		}
		data, err := o.contents(s)
		if err != nil {
			continue
		}
		for ; len(data) >= 16; data = data[16:] {
			info := binary.LittleEndian.Uint64(data[8:])
			r := rel{off: binary.LittleEndian.Uint64(data), typ: uint32(info), index: uint32(info >> 32)}
			if int(r.index) < len(o.syms) {
				r.sym = o.syms[r.index]
			} else {
				r.broken = true
			}
			out = append(out, r)
		}
	}
	return out
}

// RelocError is what is wrong with a reference of a function to something else.
type RelocError struct {
	Insn      int // index in the function
	Symbol    string
	Undefined bool // nothing in the object defines the symbol
	Err       error
}

func (e *RelocError) Error() string {
	return fmt.Sprintf("relocation at instruction %d: %v", e.Insn, e.Err)
}

// Unwrap returns the error below.
func (e *RelocError) Unwrap() error { return e.Err }

// collectRelocations mirrors bpf_object__collect_relos; what is wrong with one
// relocation is the error of the function that it is in.
func (o *Object) collectRelocations() {
	done := map[int]bool{}
	for _, f := range o.Functions {
		if done[f.section] {
			continue
		}
		done[f.section] = true
		for _, r := range o.relsOf(f.section) {
			fn := o.functionAt(f.section, int(r.off/insnSize))
			if fn == nil {
				continue
			}
			rl, err := o.relocation(fn, r)
			if err != nil && fn.Err == nil {
				fn.Err = &RelocError{Insn: rl.Insn, Symbol: r.sym.Name, Undefined: !r.broken && r.sym.Section == elf.SHN_UNDEF, Err: err}
			}
			if err == nil {
				fn.Relocs = append(fn.Relocs, rl)
			}
		}
	}
	for i, s := range o.file.Sections {
		if s.Name == ".maps" {
			o.collectSlots(i)
		}
	}
}

// relocation mirrors bpf_program__record_reloc.
func (o *Object) relocation(f *Function, r rel) (Reloc, error) {
	out := Reloc{Insn: int(r.off/insnSize) - f.offset, Offset: r.sym.Value, Size: r.sym.Size}
	insn := f.Insns[out.Insn]
	switch {
	case r.broken:
		return out, fmt.Errorf("its symbol %d does not exist", r.index)
	case insn.Code != CodeCall && insn.Code != CodeLdImm:
		return out, fmt.Errorf("against %q, but the instruction (code %#x) is neither a call nor a 64-bit load", r.sym.Name, insn.Code)
	case insn.Code == CodeLdImm && out.Insn+1 >= len(f.Insns):
		return out, fmt.Errorf("against %q, but the 64-bit load lacks its second half", r.sym.Name)
	}
	call := insn.Code == CodeCall
	if r.sym.Section == elf.SHN_UNDEF {
		for _, e := range o.Externs {
			if e.symbol == r.index {
				out.Extern = e
				out.Kind = RelocExternAddr
				if call {
					out.Kind = RelocExternCall
				}
				return out, nil
			}
		}
		return out, fmt.Errorf("`%s` is declared but not defined, and no BTF says what it is", r.sym.Name)
	}
	section := int(r.sym.Section)
	if section >= len(o.file.Sections) {
		return out, fmt.Errorf("`%s` is in special section %#x; is a global variable not initialised?", r.sym.Name, section)
	}
	name := o.file.Sections[section].Name
	if call {
		switch {
		case insn.Src() != PseudoCall:
			return out, fmt.Errorf("call of `%s` is no subprogram call", r.sym.Name)
		case section != o.text:
			callee := r.sym.Name
			if fn := o.functionAt(section, int(r.sym.Value)/insnSize+int(insn.Imm)+1); callee == "" && fn != nil {
				callee = fn.Name // of a section's symbol
			}
			return out, fmt.Errorf("calls `%s`, which is in section %q and not in .text: a program can call subprograms (functions without SEC), not programs", callee, name)
		}
		out.Kind = RelocCall
		return out, nil
	}
	if section == o.text {
		out.Kind = RelocFuncAddr
		return out, nil
	}
	switch name {
	case arenaSection:
		if out.Map = o.Arena(); out.Map == nil {
			return out, fmt.Errorf("`%s` is an __arena variable, but the object defines no arena map", r.sym.Name)
		}
		out.Kind = RelocData
		return out, nil
	case ".jumptables":
		out.Kind = RelocJumpTable
		return out, nil
	}
	for _, m := range o.Maps {
		if m.section != section {
			continue
		}
		switch m.Role {
		case UserMap:
			if m.offset == r.sym.Value {
				out.Kind, out.Map = RelocMap, m
				return out, nil
			}
		case DataMap, PercpuMap, RodataMap, BssMap:
			out.Kind, out.Map = RelocData, m
			return out, nil
		}
	}
	return out, fmt.Errorf("`%s` in section %q is neither a map nor a global variable", r.sym.Name, name)
}

// collectSlots mirrors bpf_object__collect_map_relos: initial contents of
// program arrays and maps of maps.
func (o *Object) collectSlots(section int) {
	for _, r := range o.relsOf(section) {
		for _, m := range o.Maps {
			if m.section != section || m.Role != UserMap || m.Err != nil {
				continue
			}
			def := o.mapDef(m)
			size, _ := o.BTF.Size(def)
			fields := o.BTF.Members(def)
			if len(fields) == 0 || r.off < m.offset {
				continue
			}
			last := fields[len(fields)-1]
			at := r.off - m.offset
			values := uint64(last.Offset / 8)
			if last.Name != "values" || at < values || at >= values+8*uint64(maxSlots) || (at >= uint64(size) && !o.slotOf(m, r.off)) {
				continue
			}
			slot := Slot{Index: uint32((at - values) / 8)}
			if m.IsMapOfMaps() {
				for _, t := range o.Maps {
					if t.section == section && t.Name == r.sym.Name {
						slot.Map = t
					}
				}
			} else if f := o.functionAt(int(r.sym.Section), int(r.sym.Value/insnSize)); f != nil && !o.isSubprogram(f) {
				slot.Program = f
			}
			if slot.Map == nil && slot.Program == nil {
				m.Err = fmt.Errorf("map %s: initial element %d, `%s`, is neither a map nor a program", m.Name, slot.Index, r.sym.Name)
			} else {
				m.Slots = append(m.Slots, slot)
			}
			break
		}
	}
}

// maxSlots bounds the initial elements of one map: more than any section of
// an object of MaxSize bytes can hold.
const maxSlots = MaxSize / 8

// slotOf says whether an offset of the .maps section lies in the space of a
// map's variable, which is longer than its type by the flexible `values`.
func (o *Object) slotOf(m *Map, off uint64) bool {
	for _, s := range o.syms {
		if int(s.Section) == m.section && s.Value == m.offset && s.Name == m.Name {
			return off < s.Value+s.Size
		}
	}
	return false
}

func (o *Object) mapDef(m *Map) uint32 {
	for _, v := range o.BTF.Members(o.BTF.Find(".maps", KindDatasec)) {
		if v.Name == m.Name {
			return o.BTF.Underlying(o.BTF.Target(v.Type))
		}
	}
	return 0
}
