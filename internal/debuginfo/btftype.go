package debuginfo

import "github.com/bpfdiag/bpfdiag/internal/object"

// btfTypes makes Types of an object's BTF.
type btfTypes struct {
	btf   *object.BTF
	types map[uint32]*Type
}

func (b *btfTypes) typeAt(id uint32) *Type {
	if b.btf == nil || id == 0 {
		return voidType
	}
	if k := b.btf.Kind(id); k == object.KindFunc || k == object.KindVar {
		id = b.btf.Target(id)
	}
	if t, ok := b.types[id]; ok {
		return t
	}
	t := &Type{Name: b.btf.Name(id), elem: func() *Type { return b.typeAt(b.btf.Target(id)) }}
	b.types[id] = t
	if n, err := b.btf.Size(id); err == nil {
		t.Size = int64(n)
	}
	switch k := b.btf.Kind(id); k {
	case object.KindInt:
		t.Kind, t.Signed = Int, b.btf.IsSigned(id)
		if b.btf.IsBool(id) {
			t.Kind = Bool
		}
	case object.KindFloat:
		t.Kind = Float
	case object.KindPtr:
		t.Kind = Pointer
	case object.KindArray:
		elem, n := b.btf.Elems(id)
		t.Kind, t.Len = Array, int64(n)
		t.elem = func() *Type { return b.typeAt(elem) }
	case object.KindStruct, object.KindUnion:
		t.Kind = Struct
		if k == object.KindUnion {
			t.Kind = Union
		}
		t.fields = func() []Field { return b.members(id) }
	case object.KindEnum, object.KindEnum64:
		t.Kind, t.Signed = Enum, b.btf.IsSigned(id)
	case object.KindFwd:
		t.Kind = Struct
		if b.btf.IsUnionForward(id) {
			t.Kind = Union
		}
	case object.KindTypedef:
		t.Kind = Alias
	case object.KindConst:
		t.Kind, t.Name = Qualified, "const"
	case object.KindVolatile:
		t.Kind, t.Name = Qualified, "volatile"
	case object.KindRestrict:
		t.Kind, t.Name = Qualified, "restrict"
	case object.KindTypeTag:
		return b.tagged(id, t)
	case object.KindFuncProto:
		t.Kind = Function
		t.fields = func() []Field { return b.members(id) }
	}
	return t
}

// tagged makes a type tag (`__kptr`, `__rcu`), which the source spells as a
// macro, invisible.
func (b *btfTypes) tagged(id uint32, t *Type) *Type {
	under := b.btf.Modified(id)
	*t = *b.typeAt(under)
	return t
}

func (b *btfTypes) members(id uint32) []Field {
	var out []Field
	for _, m := range b.btf.Members(id) {
		out = append(out, Field{Name: m.Name, Type: b.typeAt(m.Type), Offset: int64(m.Offset), Bits: int64(m.BitField)})
	}
	return out
}
