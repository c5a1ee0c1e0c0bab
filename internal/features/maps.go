package features

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bpfdiag/bpfdiag/internal/object"
	"github.com/bpfdiag/bpfdiag/umlinux"
	"github.com/bpfdiag/bpfdiag/umlinux/loader"
	"github.com/cilium/ebpf/btf"
)

// Slots of what is kept in the guest: types for map values, a map that is the
// template of maps of maps, then a slot for each map.
const (
	typesSlot = iota
	innerSlot
	firstMapSlot
)

// Flags of maps (include/uapi/linux/bpf.h).
const (
	noPrealloc = 1 << 0
	mmapable   = 1 << 10
)

// shapes are sizes and flags that maps can be made with: each type of maps is
// possible if it is in one of them, so that no list has to say which.
func shapes(integer btf.TypeID) []loader.ProbeMapType {
	none := int32(umlinux.NoSlot)
	return []loader.ProbeMapType{
		{Key: 4, Value: 4, Entries: 1, Inner: none, BTF: none},
		{Key: 4, Value: 8, Entries: 1, Inner: none, BTF: none},                                                                   // stack traces
		{Key: 4, Value: 16, Entries: 1, Inner: none, BTF: none},                                                                  // tables of instructions
		{Value: 4, Entries: 1, Inner: none, BTF: none},                                                                           // queues, stacks, Bloom filters
		{Entries: 4096, Inner: none, BTF: none},                                                                                  // ring buffers
		{Key: 4, Value: 4, Entries: 1, Inner: innerSlot, BTF: none},                                                              // maps of maps
		{Key: 8, Value: 4, Entries: 1, Flags: noPrealloc, Inner: none, BTF: none},                                                // longest prefix match
		{Key: 8, Value: 4, Inner: none, BTF: none},                                                                               // storage of a cgroup and a program
		{Entries: 1, Flags: mmapable, Extra: 1 << 44, Inner: none, BTF: none},                                                    // arenas
		{Key: 4, Value: 4, Flags: noPrealloc, Inner: none, BTF: typesSlot, KeyType: uint32(integer), ValueType: uint32(integer)}, // storage of an object
	}
}

// valueTypes are structures that the kernel treats specially in map values.
var valueTypes = []string{"bpf_spin_lock", "bpf_res_spin_lock", "bpf_timer", "bpf_wq", "bpf_task_work"}

// maps asks which maps there are, and then each program whether it may use them.
func (a *asker) maps() error {
	var integer btf.TypeID
	var values []loader.ProbeMapType
	err := a.kernel.Types(func(spec *btf.Spec) error {
		raw, n, err := a.mapTypes(spec, &values)
		if err != nil {
			return err
		}
		integer = n
		a.setup = []umlinux.Call{{Op: umlinux.OpReset, Slot: umlinux.NoSlot}, loader.LoadBTF(raw, typesSlot)}
		return nil
	})
	if err != nil {
		return err
	}
	inner := shapes(integer)[0]
	inner.Type = 2 // BPF_MAP_TYPE_ARRAY
	a.setup = append(a.setup, inner.Call(innerSlot))
	made := a.createMaps(shapes(integer), values)
	if err := a.run(); err != nil {
		return err
	}
	for i := range a.out.Maps {
		m := &a.out.Maps[i]
		if c, ok := made[m.Name]; ok {
			m.Error = ""
			a.setup = append(a.setup, c)
		}
	}
	for i := range a.out.Programs {
		for _, m := range a.out.Maps {
			if a.out.Programs[i].Error == "" && m.Error == "" && a.question.asks(m.Name) {
				a.mayUse(i, m)
			}
		}
	}
	return nil
}

// createMaps asks for each map in each shape, and returns by name the call that succeeded.
func (a *asker) createMaps(shapes, values []loader.ProbeMapType) map[string]umlinux.Call {
	made := map[string]umlinux.Call{}
	try := func(m *Map, p loader.ProbeMapType) {
		c := p.Call(m.slot)
		a.ask(c, func(an answer) {
			if _, done := made[m.Name]; !an.errno && !done {
				made[m.Name] = c
			}
		})
	}
	for i := range a.out.Maps {
		m := &a.out.Maps[i]
		if j := slices.Index(valueTypes, m.Name); j >= 0 {
			try(m, values[j])
			continue
		}
		for _, s := range shapes {
			s.Type = uint32(m.typ)
			try(m, s)
		}
	}
	return made
}

// mayUse asks whether a program may use a map.
func (a *asker) mayUse(program int, m Map) {
	load := object.Insn{Code: object.CodeLdImm, Regs: 1}
	load.SetSrc(object.PseudoMap)
	p := loader.Probe{Hook: a.hooks[program], License: "GPL", Maps: []loader.ProbeMap{{Insn: 0, Slot: m.slot}},
		Insns: []object.Insn{load, {}, refused, {Code: exit}}}
	a.ask(p.Call(), func(an answer) {
		if !an.passed() {
			return
		}
		list := &a.out.Programs[program].Maps
		if slices.Contains(valueTypes, m.Name) {
			list = &a.out.Programs[program].Values
		}
		*list = append(*list, m.Name)
	})
}

// mapTypes lists the kernel's types of maps, and the structures for their
// values that it knows; values has an array's shape for each of valueTypes. It
// returns types for the guest, and the ID of int among them.
func (a *asker) mapTypes(spec *btf.Spec, values *[]loader.ProbeMapType) (raw []byte, integer btf.TypeID, err error) {
	known, err := kernelMaps(spec)
	if err != nil {
		return nil, 0, err
	}
	slot := int32(firstMapSlot)
	for _, m := range known {
		if a.question.asks(m.Name) || a.question.Limits {
			m.slot = slot
			a.out.Maps = append(a.out.Maps, m)
			slot++
		}
	}
	builder, err := btf.NewBuilder(nil, nil)
	if err != nil {
		return nil, 0, err
	}
	number := &btf.Int{Name: "int", Size: 4, Encoding: btf.Signed}
	if integer, err = builder.Add(number); err != nil {
		return nil, 0, err
	}
	for _, name := range valueTypes {
		shape := loader.ProbeMapType{Type: 2, Key: 4, Entries: 1, Inner: umlinux.NoSlot, BTF: typesSlot, KeyType: uint32(integer)}
		var t *btf.Struct
		if spec.TypeByName(name, &t) == nil {
			v := &btf.Struct{Name: "value_with_" + name, Size: (t.Size+7)/8*8 + 8, Members: []btf.Member{{Name: "it", Type: t}}}
			id, err := builder.Add(v)
			if err != nil {
				return nil, 0, err
			}
			shape.Value, shape.ValueType = v.Size, uint32(id)
		}
		*values = append(*values, shape)
	}
	raw, err = builder.Marshal(nil, nil)
	return raw, integer, err
}

// kernelMaps lists the types of maps, and the structures for their values, that
// a kernel has names for.
func kernelMaps(spec *btf.Spec) ([]Map, error) {
	var ids *btf.Enum
	if err := spec.TypeByName("bpf_map_type", &ids); err != nil {
		return nil, fmt.Errorf("the kernel's numbers of map types: %w", err)
	}
	var all []Map
	add := func(name string, typ uint64) {
		all = append(all, Map{Name: name, Error: "this kernel makes none", typ: typ})
	}
	for _, v := range ids.Values {
		name, ok := strings.CutPrefix(v.Name, "BPF_MAP_TYPE_")
		seen := slices.ContainsFunc(all, func(m Map) bool { return m.typ == v.Value })
		if ok && v.Value != 0 && !seen && name != "STRUCT_OPS" {
			add(strings.ToLower(strings.TrimSuffix(name, "_DEPRECATED")), v.Value)
		}
	}
	for _, name := range valueTypes {
		var t *btf.Struct
		if spec.TypeByName(name, &t) == nil {
			add(name, 0)
		}
	}
	return all, nil
}

// mapNames lists the names of kernelMaps.
func mapNames(k *loader.Kernel) (names []string, err error) {
	err = k.Types(func(spec *btf.Spec) error {
		all, err := kernelMaps(spec)
		for _, m := range all {
			names = append(names, m.Name)
		}
		return err
	})
	return names, err
}
