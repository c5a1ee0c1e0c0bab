package object

import (
	"debug/elf"
	"errors"
	"fmt"
	"strings"

	"github.com/cilium/ebpf"
)

// MapRole says where a map comes from.
type MapRole uint8

// The roles: written in SEC(".maps"), made of a data section (PercpuMap: of
// variables that each processor has its own of), made for __kconfig variables,
// or an instance of a struct_ops type.
const (
	UserMap MapRole = iota
	DataMap
	PercpuMap
	RodataMap
	BssMap
	KconfigMap
	StructOpsMap
)

// Map flags that the loader or the sections set (include/uapi/linux/bpf.h).
const (
	flagRdonlyProg = 1 << 7
	flagMmapable   = 1 << 10
	flagLink       = 1 << 13
)

// Map is a map that the object defines; sizes are in bytes.
type Map struct {
	Name                                  string
	Role                                  MapRole
	Type                                  ebpf.MapType
	KeySize, ValueSize, MaxEntries, Flags uint32
	NumaNode                              uint32
	Extra                                 uint64
	KeyType, ValueType                    uint32 // BTF type IDs, 0 when unknown
	Inner                                 *Map   // of a map of maps, as a template
	Data                                  []byte // initial contents of a data map; nil for zeroes
	Slots                                 []Slot // initial contents of map and program arrays
	StructOps                             *StructOps
	Err                                   error // why it cannot be made
	section                               int
	offset                                uint64
}

// Slot is one initial element of a map of maps or a program array.
type Slot struct {
	Index   uint32
	Map     *Map      // or
	Program *Function // exactly one of them is set
}

// IsMapOfMaps says whether the values are maps.
func (m *Map) IsMapOfMaps() bool { return m.Type == ebpf.ArrayOfMaps || m.Type == ebpf.HashOfMaps }

// collectMaps mirrors bpf_object__init_maps: user maps, then data sections,
// then struct_ops; .kconfig comes with the externs.
func (o *Object) collectMaps() error {
	for i, s := range o.file.Sections {
		if s.Name != ".maps" {
			continue
		}
		sec := o.BTF.Find(".maps", KindDatasec)
		if sec == 0 {
			return errors.New("has a .maps section, but its BTF does not describe it; compile with -g")
		}
		for _, v := range o.BTF.Members(sec) {
			o.Maps = append(o.Maps, o.userMap(v, i))
		}
	}
	for i, s := range o.file.Sections {
		if s.Size == 0 {
			continue
		}
		role, ok := dataRole(s)
		if !ok {
			continue
		}
		if s.Size > 1<<32-1 {
			return fmt.Errorf("section %s is larger than a map can be", s.Name)
		}
		m := &Map{Name: s.Name, Role: role, Type: ebpf.Array, KeySize: 4, ValueSize: uint32(s.Size), MaxEntries: 1, section: i}
		if role != BssMap {
			if m.Data, m.Err = o.contents(s); m.Err == nil && len(m.Data) != int(s.Size) {
				m.Err = fmt.Errorf("section %s is truncated", s.Name)
			}
		}
		switch role {
		case RodataMap:
			m.Flags = flagRdonlyProg
		case PercpuMap:
			m.Type = ebpf.PerCPUArray
		}
		m.ValueType = o.BTF.Find(s.Name, KindDatasec)
		o.Maps = append(o.Maps, m)
	}
	for i, s := range o.file.Sections {
		if strings.TrimPrefix(s.Name, "?") == ".struct_ops" || strings.TrimPrefix(s.Name, "?") == ".struct_ops.link" {
			o.addStructOps(i, s)
		}
	}
	return nil
}

func dataRole(s *elf.Section) (MapRole, bool) {
	is := func(name string) bool { return s.Name == name || strings.HasPrefix(s.Name, name+".") }
	switch {
	case s.Type == elf.SHT_PROGBITS && s.Flags&elf.SHF_EXECINSTR != 0:
	case s.Type == elf.SHT_PROGBITS && is(".data"):
		return DataMap, true
	case s.Type == elf.SHT_PROGBITS && is(".percpu"):
		return PercpuMap, true
	case s.Type == elf.SHT_PROGBITS && is(".rodata"):
		return RodataMap, true
	case s.Type == elf.SHT_NOBITS && is(".bss"):
		return BssMap, true
	}
	return 0, false
}

// userMap mirrors bpf_object__init_user_btf_map.
func (o *Object) userMap(v Member, section int) *Map {
	m := &Map{Name: v.Name, section: section}
	// The symbol has the true offset; clang leaves it out of the BTF.
	for _, s := range o.syms {
		if int(s.Section) == section && s.Name == v.Name {
			m.offset = s.Value
		}
	}
	def := o.BTF.Underlying(o.BTF.Target(v.Type))
	switch {
	case o.BTF.Kind(v.Type) != KindVar || o.BTF.Kind(def) != KindStruct:
		m.Err = fmt.Errorf("map %s: its definition is not a struct", m.Name)
	case o.BTF.Linkage(v.Type) == LinkageStatic:
		m.Err = fmt.Errorf("map %s: is static; a map must be global", m.Name)
	default:
		m.Err = o.parseMapDef(m, def, false)
	}
	return m
}

// parseMapDef mirrors parse_btf_map_def: each number is the length of an array
// that a pointer member points to (the __uint macro), each type the target of
// a pointer (__type).
func (o *Object) parseMapDef(m *Map, def uint32, inner bool) error {
	b := o.BTF
	for _, f := range b.Members(def) {
		var err error
		switch f.Name {
		case "type":
			var t uint32
			t, err = o.mapNumber(m, f)
			m.Type = ebpf.MapType(t)
		case "max_entries":
			m.MaxEntries, err = o.mapNumber(m, f)
		case "map_flags":
			m.Flags, err = o.mapNumber(m, f)
		case "numa_node":
			m.NumaNode, err = o.mapNumber(m, f)
		case "key_size":
			m.KeySize, err = o.mapNumber(m, f)
		case "value_size":
			m.ValueSize, err = o.mapNumber(m, f)
		case "map_extra":
			m.Extra, err = o.mapLong(m, f)
		case "pinning":
			_, err = o.mapNumber(m, f) // a checker pins nothing
		case "key":
			m.KeyType = b.Target(f.Type)
			err = o.mapSize(m, f, &m.KeySize)
		case "value":
			m.ValueType = b.Target(f.Type)
			err = o.mapSize(m, f, &m.ValueSize)
		case "values":
			if inner {
				return fmt.Errorf("map %s: maps of maps of maps do not exist", m.Name)
			}
			m.ValueSize = 4
			elem, _ := b.Elems(b.Underlying(f.Type))
			target := b.Underlying(b.Target(b.Underlying(elem)))
			if m.IsMapOfMaps() && b.Kind(target) == KindStruct {
				m.Inner = &Map{Name: m.Name + ".inner"}
				err = o.parseMapDef(m.Inner, target, true)
			}
		default:
			err = fmt.Errorf("map %s: unknown attribute %q in its definition", m.Name, f.Name)
		}
		if err != nil {
			return err
		}
	}
	if m.Type == 0 {
		return fmt.Errorf("map %s: its definition says no type", m.Name)
	}
	return nil
}

func (o *Object) mapNumber(m *Map, f Member) (uint32, error) {
	b := o.BTF
	arr := b.Underlying(b.Target(b.Underlying(f.Type)))
	if b.Kind(b.Underlying(f.Type)) != KindPtr || b.Kind(arr) != KindArray {
		return 0, fmt.Errorf("map %s: attribute %s is not written with __uint()", m.Name, f.Name)
	}
	_, n := b.Elems(arr)
	return n, nil
}

// mapLong reads a number that may not fit 32 bits: __ulong() makes it an
// enumerator (get_map_field_long).
func (o *Object) mapLong(m *Map, f Member) (uint64, error) {
	b := o.BTF
	t := b.Underlying(f.Type)
	if b.Kind(t) == KindPtr {
		n, err := o.mapNumber(m, f)
		return uint64(n), err
	}
	if b.vlen(t) == 1 && b.Kind(t) == KindEnum {
		return uint64(int64(int32(b.u32(t, btfTypeLen+4)))), nil
	}
	if b.vlen(t) == 1 && b.Kind(t) == KindEnum64 {
		return uint64(b.u32(t, btfTypeLen+4)) | uint64(b.u32(t, btfTypeLen+8))<<32, nil
	}
	return 0, fmt.Errorf("map %s: attribute %s is not written with __ulong()", m.Name, f.Name)
}

func (o *Object) mapSize(m *Map, f Member, size *uint32) error {
	n, err := o.BTF.Size(o.BTF.Target(f.Type))
	if err != nil {
		return fmt.Errorf("map %s: size of its %s: %w", m.Name, f.Name, err)
	}
	if *size != 0 && *size != n {
		return fmt.Errorf("map %s: conflicting %s sizes %d and %d", m.Name, f.Name, *size, n)
	}
	*size = n
	return nil
}

// Arena returns the object's arena map, nil if it has none.
func (o *Object) Arena() *Map {
	for _, m := range o.Maps {
		if m.Type == ebpf.Arena {
			return m
		}
	}
	return nil
}

// ArenaDataSize returns the size in bytes of the __arena globals, which the
// loader places at the arena's end.
func (o *Object) ArenaDataSize() uint64 {
	if s := o.file.Section(arenaSection); s != nil {
		return s.Size
	}
	return 0
}

const arenaSection = ".addr_space.1"
