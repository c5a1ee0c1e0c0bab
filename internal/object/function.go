package object

import (
	"debug/elf"
	"encoding/binary"
	"fmt"
	"sort"
	"strings"

	"github.com/cilium/ebpf/btf"
)

// Insn is one eBPF instruction slot (struct bpf_insn); a 64-bit immediate
// load takes two.
type Insn struct {
	Code uint8
	Regs uint8 // destination in the low half, source in the high one
	Off  int16
	Imm  int32
}

// Instruction codes and source-register values that the loader looks at
// (include/uapi/linux/bpf.h).
const (
	CodeCall   = 0x85 // BPF_JMP | BPF_CALL
	CodeLdImm  = 0x18 // BPF_LD | BPF_DW | BPF_IMM
	PseudoMap  = 1    // BPF_PSEUDO_MAP_FD
	PseudoVal  = 2    // BPF_PSEUDO_MAP_VALUE
	PseudoBTF  = 3    // BPF_PSEUDO_BTF_ID
	PseudoFunc = 4    // BPF_PSEUDO_FUNC
	PseudoCall = 1    // BPF_PSEUDO_CALL
	PseudoKfun = 2    // BPF_PSEUDO_KFUNC_CALL
)

// Src returns the source register.
func (i Insn) Src() uint8 { return i.Regs >> 4 }

// SetSrc changes the source register.
func (i *Insn) SetSrc(r uint8) { i.Regs = i.Regs&0xf | r<<4 }

// Append encodes the instruction.
func (i Insn) Append(b []byte) []byte {
	b = append(b, i.Code, i.Regs)
	b = binary.LittleEndian.AppendUint16(b, uint16(i.Off))
	return binary.LittleEndian.AppendUint32(b, uint32(i.Imm))
}

// Function is a program or subprogram.
type Function struct {
	Name    string
	Section string // as written in SEC(), with a leading '?' if it has one
	Insns   []Insn
	Relocs  []Reloc // in order of instructions
	Global  bool    // not static
	Hidden  bool    // visibility hidden: libbpf makes it static for the verifier
	Err     error   // why it cannot be loaded

	section int // ELF section index
	offset  int // of the first instruction in its section, in instructions
}

// Offset returns where the function begins in its section, in instructions.
func (f *Function) Offset() int { return f.offset }

// addFunctions mirrors bpf_object__add_programs.
func (o *Object) addFunctions(index int, s *elf.Section) error {
	code, err := o.contents(s)
	if err != nil {
		return err
	}
	for _, sym := range o.syms {
		if int(sym.Section) != index || elf.ST_TYPE(sym.Info) != elf.STT_FUNC {
			continue
		}
		f := &Function{
			Name:    sym.Name,
			Section: s.Name,
			Global:  elf.ST_BIND(sym.Info) != elf.STB_LOCAL,
			section: index,
			offset:  int(sym.Value / insnSize),
		}
		vis := elf.ST_VISIBILITY(sym.Other)
		f.Hidden = f.Global && (vis == elf.STV_HIDDEN || vis == elf.STV_INTERNAL)
		o.Functions = append(o.Functions, f)
		n := uint64(len(code))
		switch {
		case sym.Value > n || sym.Size > n-sym.Value:
			f.Err = fmt.Errorf("section %s: function %s lies outside its section", s.Name, sym.Name)
			continue
		case sym.Value%insnSize != 0 || sym.Size%insnSize != 0 || sym.Size == 0:
			f.Err = fmt.Errorf("section %s: function %s is no whole number of instructions", s.Name, sym.Name)
			continue
		case s.Name != ".text" && !f.Global:
			f.Err = fmt.Errorf("program %s is static; a program in section %q must be global", sym.Name, s.Name)
		}
		f.Insns = decode(code[sym.Value : sym.Value+sym.Size])
	}
	return nil
}

func decode(code []byte) []Insn {
	out := make([]Insn, 0, len(code)/insnSize)
	for ; len(code) >= insnSize; code = code[insnSize:] {
		out = append(out, Insn{
			Code: code[0],
			Regs: code[1],
			Off:  int16(binary.LittleEndian.Uint16(code[2:])),
			Imm:  int32(binary.LittleEndian.Uint32(code[4:])),
		})
	}
	return out
}

// functionAt returns the function that covers an instruction of a section.
func (o *Object) functionAt(section, insn int) *Function {
	for _, f := range o.Functions {
		if f.section == section && insn >= f.offset && insn < f.offset+len(f.Insns) {
			return f
		}
	}
	return nil
}

// Subprogram returns the function in .text that begins at or covers an
// instruction index of that section.
func (o *Object) Subprogram(insn int) *Function {
	if o.text < 0 {
		return nil
	}
	return o.functionAt(o.text, insn)
}

// FuncType returns the BTF type ID of a function, 0 if it has none.
func (o *Object) FuncType(f *Function) uint32 {
	if o.ext != nil {
		r := o.ext.funcs[f.Section]
		for i := range r.len() {
			if r.insn(i) == f.offset {
				return binary.LittleEndian.Uint32(r.at(i)[4:])
			}
		}
	}
	if o.BTF == nil {
		return 0
	}
	return o.BTF.Find(f.Name, KindFunc)
}

// Info is func_info or line_info for the kernel: records of Size bytes, each
// beginning with the index of its instruction.
type Info struct {
	Size int
	Data []byte
}

// Len returns the number of records.
func (in Info) Len() int {
	if in.Size == 0 {
		return 0
	}
	return len(in.Data) / in.Size
}

// AppendFuncInfo and AppendLineInfo add what the object says of a function
// that stands at instruction `at` of a program (adjust_prog_btf_ext_info).
func (o *Object) AppendFuncInfo(in *Info, f *Function, at int) {
	if o.ext != nil {
		in.add(o.ext.funcs[f.Section], f, at)
	}
}

// AppendLineInfo is documented at AppendFuncInfo.
func (o *Object) AppendLineInfo(in *Info, f *Function, at int) {
	if o.ext != nil {
		in.add(o.ext.lines[f.Section], f, at)
	}
}

func (in *Info) add(r records, f *Function, at int) {
	for i := range r.len() {
		insn := r.insn(i)
		if insn < f.offset || insn >= f.offset+len(f.Insns) {
			continue
		}
		in.Size = r.size
		rec := len(in.Data)
		in.Data = append(in.Data, r.at(i)...)
		binary.LittleEndian.PutUint32(in.Data[rec:], uint32(insn-f.offset+at))
	}
}

// CORERelocation is one CO-RE relocation of a function.
type CORERelocation struct {
	Insn  int // index in the function
	Relo  *btf.CORERelocation
	Name  string // what it looks for: "struct sock.__sk_common.skc_num"
	Field bool   // Name is a field's or an enumerator's, not a type's
}

// CORERelocations lists those of a function.
func (o *Object) CORERelocations(f *Function) []CORERelocation {
	names := map[int]CORERelocation{}
	for _, r := range o.core[f.Section] {
		i := int(r.Offset) - f.offset
		if i < 0 || i >= len(f.Insns) {
			continue
		}
		if len(names) == 0 {
			o.nameRelocations(f, names)
		}
		c := names[i]
		c.Insn, c.Relo = i, r.Relo
		names[i] = c
	}
	out := make([]CORERelocation, 0, len(names))
	for _, c := range names {
		out = append(out, c)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Insn < out[j].Insn })
	return out
}

// nameRelocations reads the records (struct bpf_core_relo: instruction, type,
// access string, kind) for what cilium/ebpf keeps to itself.
func (o *Object) nameRelocations(f *Function, out map[int]CORERelocation) {
	r := o.ext.relos[f.Section]
	for i := range r.len() {
		at := r.insn(i) - f.offset
		if at < 0 || at >= len(f.Insns) {
			continue
		}
		rec := r.at(i)
		typ := binary.LittleEndian.Uint32(rec[4:])
		access := o.BTF.String(binary.LittleEndian.Uint32(rec[8:]))
		kind := binary.LittleEndian.Uint32(rec[12:])
		c := CORERelocation{Name: o.BTF.Describe(typ)}
		// BPF_CORE_TYPE_ID_LOCAL to BPF_CORE_TYPE_SIZE and TYPE_MATCHES are
		// about types, the others about fields and enumerators.
		if kind < 6 || kind == 10 || kind == 11 {
			c.Name, c.Field = o.BTF.fieldName(typ, access), true
		}
		out[at] = c
	}
}

// HasCORE says whether the object has CO-RE relocations at all.
func (o *Object) HasCORE() bool { return o.ext != nil && len(o.ext.relos) > 0 }

// SectionName returns the section without the '?' that turns automatic
// loading off.
func (f *Function) SectionName() string { return strings.TrimPrefix(f.Section, "?") }
