package object

import (
	"debug/elf"
	"fmt"

	"github.com/cilium/ebpf"
)

// StructOps is an instance of a kernel structure of callbacks.
type StructOps struct {
	Type     uint32 // BTF type ID of the structure in the object
	TypeName string // without flavour: what the kernel calls it
	Link     bool   // from .struct_ops.link
	Members  []StructOpsMember
}

// StructOpsMember is one of its fields.
type StructOpsMember struct {
	Name    string
	Program *Function // when the field points to one
	Data    []byte    // its initial bytes
}

// addStructOps mirrors init_struct_ops_maps and bpf_object__collect_st_ops_relos.
func (o *Object) addStructOps(index int, s *elf.Section) {
	b := o.BTF
	data, err := o.contents(s)
	if err != nil {
		return
	}
	rels := o.relsOf(index)
	for _, v := range b.Members(b.Find(s.Name, KindDatasec)) {
		t := b.Underlying(b.Target(v.Type))
		ops := &StructOps{Type: t, TypeName: essentialName(b.Name(t)), Link: s.Name[len(s.Name)-1] == 'k'}
		size, _ := b.Size(t)
		m := &Map{Name: v.Name, Role: StructOpsMap, Type: ebpf.StructOpsMap, KeySize: 4, ValueSize: size,
			MaxEntries: 1, ValueType: t, StructOps: ops, section: index, offset: uint64(v.Offset)}
		if ops.Link {
			m.Flags = flagLink
		}
		for _, sym := range o.syms {
			if int(sym.Section) == index && sym.Name == v.Name {
				m.offset = sym.Value
			}
		}
		o.Maps = append(o.Maps, m)
		if b.Kind(t) != KindStruct || ops.TypeName == "" || m.offset+uint64(size) > uint64(len(data)) {
			m.Err = fmt.Errorf("struct_ops %s: is not an instance of a named structure", v.Name)
			continue
		}
		for _, f := range b.Members(t) {
			at := m.offset + uint64(f.Offset/8)
			n, _ := b.Size(f.Type)
			sm := StructOpsMember{Name: f.Name}
			if at+uint64(n) <= uint64(len(data)) {
				sm.Data = data[at : at+uint64(n)]
			}
			for _, r := range rels {
				if r.off == at {
					sm.Program = o.functionAt(int(r.sym.Section), int((r.sym.Value+r.addend(data))/insnSize))
				}
			}
			ops.Members = append(ops.Members, sm)
		}
	}
}
