package object

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
)

// Kind is a BTF kind (BTF_KIND_* of include/uapi/linux/btf.h).
type Kind uint8

const (
	KindVoid Kind = iota
	KindInt
	KindPtr
	KindArray
	KindStruct
	KindUnion
	KindEnum
	KindFwd
	KindTypedef
	KindVolatile
	KindConst
	KindRestrict
	KindFunc
	KindFuncProto
	KindVar
	KindDatasec
	KindFloat
	KindDeclTag
	KindTypeTag
	KindEnum64
)

// Linkages of BTF functions and variables (btf_func_linkage, BTF_VAR_*).
const (
	LinkageStatic = 0
	LinkageGlobal = 1
	LinkageExtern = 2
)

const (
	btfMagic     = 0xeb9f
	btfHeaderLen = 24
	btfTypeLen   = 12
	// No chain of modifiers, typedefs and arrays in a real object is longer;
	// a longer one is a loop (MAX_RESOLVE_DEPTH in libbpf's btf.c).
	maxResolveDepth = 32
)

// BTF is an object's type information, kept in its wire form, because that is
// what the kernel is handed. A type is named by its ID, counted from 1; 0 is
// void. IDs that do not exist read as void.
type BTF struct {
	types []byte   // all type records
	offs  []uint32 // offs[id]: where in types the record of id starts; offs[0] is unused
	strs  []byte
}

// ParseBTF checks the contents of a .BTF section.
func ParseBTF(raw []byte) (*BTF, error) {
	if len(raw) < btfHeaderLen {
		return nil, errors.New("BTF: header is truncated")
	}
	if binary.LittleEndian.Uint16(raw) != btfMagic {
		return nil, errors.New("BTF: wrong magic number")
	}
	word := func(off int) uint64 { return uint64(binary.LittleEndian.Uint32(raw[off:])) }
	base := word(4)
	cut := func(off, n uint64) ([]byte, bool) {
		if base < btfHeaderLen || base+off+n > uint64(len(raw)) {
			return nil, false
		}
		return raw[base+off : base+off+n], true
	}
	types, ok1 := cut(word(8), word(12))
	strs, ok2 := cut(word(16), word(20))
	if !ok1 || !ok2 {
		return nil, errors.New("BTF: sections lie outside the data")
	}
	if len(strs) == 0 || strs[0] != 0 || strs[len(strs)-1] != 0 {
		return nil, errors.New("BTF: malformed string section")
	}
	b := &BTF{types: append([]byte(nil), types...), strs: append([]byte(nil), strs...), offs: []uint32{0}}
	for off := 0; off < len(types); {
		n, err := recordLen(types[off:])
		if err != nil {
			return nil, fmt.Errorf("BTF: type %d: %w", len(b.offs), err)
		}
		b.offs = append(b.offs, uint32(off))
		off += n
	}
	return b, nil
}

// recordLen returns how many bytes the type record at the start of p takes.
func recordLen(p []byte) (int, error) {
	if len(p) < btfTypeLen {
		return 0, errors.New("truncated")
	}
	info := binary.LittleEndian.Uint32(p[4:])
	vlen := int(info & 0xffff)
	n := btfTypeLen
	switch k := Kind(info >> 24 & 0x1f); k {
	case KindInt, KindVar, KindDeclTag:
		n += 4
	case KindArray:
		n += 12
	case KindStruct, KindUnion, KindDatasec, KindEnum64:
		n += 12 * vlen
	case KindEnum, KindFuncProto:
		n += 8 * vlen
	case KindPtr, KindFwd, KindTypedef, KindVolatile, KindConst, KindRestrict, KindFunc, KindFloat, KindTypeTag:
	default:
		return 0, fmt.Errorf("unknown kind %d", k)
	}
	if n > len(p) {
		return 0, errors.New("truncated")
	}
	return n, nil
}

// Encode returns the BTF in wire form.
func (b *BTF) Encode() []byte {
	out := make([]byte, btfHeaderLen, btfHeaderLen+len(b.types)+len(b.strs))
	binary.LittleEndian.PutUint16(out, btfMagic)
	out[2] = 1
	for i, v := range []int{btfHeaderLen, 0, len(b.types), len(b.types), len(b.strs)} {
		binary.LittleEndian.PutUint32(out[4+4*i:], uint32(v))
	}
	return append(append(out, b.types...), b.strs...)
}

// Len returns the number of types, void included: the highest ID is Len()-1.
func (b *BTF) Len() int { return len(b.offs) }

var voidRecord [btfTypeLen]byte

func (b *BTF) record(id uint32) []byte {
	if id == 0 || int(id) >= len(b.offs) {
		return voidRecord[:]
	}
	return b.types[b.offs[id]:]
}

func (b *BTF) u32(id uint32, off int) uint32    { return binary.LittleEndian.Uint32(b.record(id)[off:]) }
func (b *BTF) set(id uint32, off int, v uint32) { binary.LittleEndian.PutUint32(b.record(id)[off:], v) }

func (b *BTF) info(id uint32) uint32 { return b.u32(id, 4) }
func (b *BTF) vlen(id uint32) int    { return int(b.info(id) & 0xffff) }

// Kind returns the kind of a type.
func (b *BTF) Kind(id uint32) Kind { return Kind(b.info(id) >> 24 & 0x1f) }

// Name returns a type's name, empty if it has none.
func (b *BTF) Name(id uint32) string { return b.String(b.u32(id, 0)) }

// String returns the string at an offset of the string section.
func (b *BTF) String(off uint32) string {
	if uint64(off) >= uint64(len(b.strs)) {
		return ""
	}
	s := b.strs[off:]
	for i, c := range s {
		if c == 0 {
			return string(s[:i])
		}
	}
	return ""
}

// Target returns the type that a pointer, modifier, typedef, function,
// variable or tag refers to.
func (b *BTF) Target(id uint32) uint32 { return b.u32(id, 8) }

// Linkage returns the linkage of a function or variable.
func (b *BTF) Linkage(id uint32) uint32 {
	if b.Kind(id) == KindFunc {
		return b.info(id) & 0xffff
	}
	if b.Kind(id) == KindVar {
		return b.u32(id, btfTypeLen)
	}
	return 0
}

// Member is a field of a struct or union, a parameter of a function, or a
// variable of a data section; Offset is in bits, bytes of a section for the last.
type Member struct {
	Name     string
	Type     uint32
	Offset   uint32
	Size     uint32 // of a data section's variable, in bytes
	BitField uint32 // width in bits, 0 when it is none
}

// Members lists the members of a struct, union, function prototype or data section.
func (b *BTF) Members(id uint32) []Member {
	n := b.vlen(id)
	rec := b.record(id)[btfTypeLen:]
	word := func(i int) uint32 { return binary.LittleEndian.Uint32(rec[4*i:]) }
	out := make([]Member, 0, n)
	switch b.Kind(id) {
	case KindStruct, KindUnion:
		kflag := b.info(id)>>31 == 1
		for i := range n {
			m := Member{Name: b.String(word(3 * i)), Type: word(3*i + 1), Offset: word(3*i + 2)}
			if kflag {
				m.BitField, m.Offset = m.Offset>>24, m.Offset&0xffffff
			}
			out = append(out, m)
		}
	case KindFuncProto:
		for i := range n {
			out = append(out, Member{Name: b.String(word(2 * i)), Type: word(2*i + 1)})
		}
	case KindDatasec:
		for i := range n {
			v := word(3 * i)
			out = append(out, Member{Name: b.Name(v), Type: v, Offset: word(3*i + 1), Size: word(3*i + 2)})
		}
	}
	return out
}

// Elems returns an array's element type and their number.
func (b *BTF) Elems(id uint32) (elem, n uint32) {
	if b.Kind(id) != KindArray {
		return 0, 0
	}
	return b.u32(id, btfTypeLen), b.u32(id, btfTypeLen+8)
}

// Underlying follows modifiers and typedefs (libbpf's skip_mods_and_typedefs).
func (b *BTF) Underlying(id uint32) uint32 {
	for range maxResolveDepth {
		switch b.Kind(id) {
		case KindTypedef, KindVolatile, KindConst, KindRestrict, KindTypeTag:
			id = b.Target(id)
		default:
			return id
		}
	}
	return 0
}

// Size returns the size of a type in bytes (libbpf's btf__resolve_size).
func (b *BTF) Size(id uint32) (uint32, error) {
	total := uint64(1)
	for range maxResolveDepth {
		switch b.Kind(id) {
		case KindInt, KindStruct, KindUnion, KindEnum, KindEnum64, KindDatasec, KindFloat:
			total *= uint64(b.u32(id, 8))
		case KindPtr:
			total *= 8
		case KindTypedef, KindVolatile, KindConst, KindRestrict, KindVar, KindDeclTag, KindTypeTag:
			id = b.Target(id)
			continue
		case KindArray:
			var n uint32
			id, n = b.Elems(id)
			total *= uint64(n)
			if total > 1<<32-1 {
				return 0, errors.New("type is too large")
			}
			continue
		default:
			return 0, fmt.Errorf("type %d has no size", id)
		}
		if total > 1<<32-1 {
			return 0, errors.New("type is too large")
		}
		return uint32(total), nil
	}
	return 0, errors.New("type refers to itself")
}

// Align returns the alignment of a type in bytes (libbpf's btf__align_of), at least 1.
func (b *BTF) Align(id uint32) uint32 { return b.align(id, 0) }

func (b *BTF) align(id uint32, depth int) uint32 {
	if depth > maxResolveDepth {
		return 1
	}
	switch b.Kind(id) {
	case KindInt, KindEnum, KindEnum64, KindFloat:
		return max(1, min(8, b.u32(id, 8)))
	case KindPtr:
		return 8
	case KindTypedef, KindVolatile, KindConst, KindRestrict, KindVar, KindTypeTag:
		return b.align(b.Target(id), depth+1)
	case KindArray:
		elem, _ := b.Elems(id)
		return b.align(elem, depth+1)
	case KindStruct, KindUnion:
		a := uint32(1)
		for _, m := range b.Members(id) {
			a = max(a, b.align(m.Type, depth+1))
		}
		return a
	}
	return 1
}

// Find returns the ID of the first type of that kind and name, 0 if there is none.
func (b *BTF) Find(name string, kind Kind) uint32 {
	for id := uint32(1); int(id) < len(b.offs); id++ {
		if b.Kind(id) == kind && b.Name(id) == name {
			return id
		}
	}
	return 0
}

// HasTag says whether a function or parameter carries a declaration tag;
// component is -1 for the function itself, else the parameter's index.
func (b *BTF) HasTag(target uint32, component int32, tag string) bool {
	for _, t := range b.Tags(target, component) {
		if t == tag {
			return true
		}
	}
	return false
}

// Tags lists the declaration tags of a type or one of its components.
func (b *BTF) Tags(target uint32, component int32) []string {
	var out []string
	for id := uint32(1); int(id) < len(b.offs); id++ {
		if b.Kind(id) == KindDeclTag && b.Target(id) == target && int32(b.u32(id, btfTypeLen)) == component {
			out = append(out, b.Name(id))
		}
	}
	return out
}

// IsSigned says whether an integer or enumeration is signed.
func (b *BTF) IsSigned(id uint32) bool {
	switch id = b.Underlying(id); b.Kind(id) {
	case KindInt:
		return b.u32(id, btfTypeLen)>>24&1 == 1
	case KindEnum, KindEnum64:
		return b.info(id)>>31 == 1
	}
	return false
}

// add appends a record and returns its ID.
func (b *BTF) add(name string, kind Kind, vlen int, words ...uint32) uint32 {
	off := uint32(len(b.types))
	b.types = binary.LittleEndian.AppendUint32(b.types, b.addString(name))
	b.types = binary.LittleEndian.AppendUint32(b.types, uint32(kind)<<24|uint32(vlen))
	for _, w := range words {
		b.types = binary.LittleEndian.AppendUint32(b.types, w)
	}
	b.offs = append(b.offs, off)
	return uint32(len(b.offs) - 1)
}

func (b *BTF) addString(s string) uint32 {
	if s == "" {
		return 0
	}
	off := uint32(len(b.strs))
	b.strs = append(append(b.strs, s...), 0)
	return off
}

// clone returns a copy that can be changed without changing b.
func (b *BTF) clone() *BTF {
	return &BTF{
		types: append([]byte(nil), b.types...),
		strs:  append([]byte(nil), b.strs...),
		offs:  append([]uint32(nil), b.offs...),
	}
}

// essentialName is a type's or kfunc's name without its flavour: task_struct
// of task_struct___v2 (bpf_core_essential_name_len in libbpf).
func essentialName(s string) string {
	if i := strings.LastIndex(s, "___"); i > 0 && s[i-1] != '_' && i+3 < len(s) && s[i+3] != '_' {
		return s[:i]
	}
	return s
}

// Modified follows const, volatile, restrict and type tags, but no typedefs.
func (b *BTF) Modified(id uint32) uint32 {
	for range maxResolveDepth {
		switch b.Kind(id) {
		case KindVolatile, KindConst, KindRestrict, KindTypeTag:
			id = b.Target(id)
		default:
			return id
		}
	}
	return 0
}

// IsBool says whether an integer type is _Bool.
func (b *BTF) IsBool(id uint32) bool {
	return b.Kind(id) == KindInt && b.u32(id, btfTypeLen)>>24&4 != 0
}
