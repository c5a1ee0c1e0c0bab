package debuginfo

import "debug/dwarf"

// langRust is DW_LANG_Rust.
const langRust = 0x1c

// typeAt returns the type that an entry describes, without what it refers to.
func (d *dwarfInfo) typeAt(off dwarf.Offset, rust bool) *Type {
	if t, ok := d.types[off]; ok {
		return t
	}
	e := d.entry(off)
	if e == nil {
		return voidType
	}
	t := &Type{Rust: rust}
	d.types[off] = t
	t.Name, _ = e.Val(dwarf.AttrName).(string)
	t.Size, _ = e.Val(dwarf.AttrByteSize).(int64)
	t.elem = func() *Type { return d.typeOf(e, rust) }
	switch e.Tag {
	case dwarf.TagBaseType:
		t.Kind = Int
		switch enc, _ := e.Val(dwarf.AttrEncoding).(int64); enc {
		case 0x02: // DW_ATE_boolean
			t.Kind = Bool
		case 0x04: // DW_ATE_float
			t.Kind = Float
		case 0x05, 0x06: // DW_ATE_signed, DW_ATE_signed_char
			t.Signed = true
		}
	case dwarf.TagPointerType, dwarf.TagReferenceType, dwarf.TagRvalueReferenceType:
		t.Kind, t.Size = Pointer, 8
	case dwarf.TagStructType, dwarf.TagClassType:
		t.Kind = Struct
		t.fields = func() []Field { return d.fieldsOf(off, rust) }
	case dwarf.TagUnionType:
		t.Kind = Union
		t.fields = func() []Field { return d.fieldsOf(off, rust) }
	case dwarf.TagEnumerationType:
		t.Kind = Enum
	case dwarf.TagTypedef:
		t.Kind = Alias
	case dwarf.TagConstType:
		t.Kind, t.Name = Qualified, "const"
	case dwarf.TagVolatileType:
		t.Kind, t.Name = Qualified, "volatile"
	case dwarf.TagRestrictType:
		t.Kind, t.Name = Qualified, "restrict"
	case dwarf.TagAtomicType:
		t.Kind, t.Name = Qualified, "_Atomic"
	case dwarf.TagArrayType:
		d.arrayOf(t, e, off, rust)
	case dwarf.TagSubroutineType:
		t.Kind = Function
		t.fields = func() []Field { return d.paramsOf(off, rust) }
	}
	return t
}

// typeOf returns the type of what an entry declares.
func (d *dwarfInfo) typeOf(e *dwarf.Entry, rust bool) *Type {
	if off, ok := d.attr(e, dwarf.AttrType).(dwarf.Offset); ok {
		return d.typeAt(off, rust)
	}
	return voidType
}

// arrayOf makes one Type for each dimension.
func (d *dwarfInfo) arrayOf(t *Type, e *dwarf.Entry, off dwarf.Offset, rust bool) {
	var dims []int64
	d.children(off, func(c *dwarf.Entry) bool {
		if c.Tag == dwarf.TagSubrangeType {
			n, ok := c.Val(dwarf.AttrCount).(int64)
			if up, isUp := c.Val(dwarf.AttrUpperBound).(int64); !ok && isUp {
				n, ok = up+1, true
			}
			if !ok {
				n = -1
			}
			dims = append(dims, n)
		}
		return len(dims) < maxNesting
	})
	if len(dims) == 0 {
		dims = []int64{-1}
	}
	for i, n := range dims {
		t.Kind, t.Len, t.Rust = Array, n, rust
		if i == len(dims)-1 {
			t.elem = func() *Type { return d.typeOf(e, rust) }
			break
		}
		inner := &Type{}
		t.elem = func() *Type { return inner }
		t = inner
	}
}

func (d *dwarfInfo) fieldsOf(off dwarf.Offset, rust bool) []Field {
	var out []Field
	d.children(off, func(c *dwarf.Entry) bool {
		if c.Tag != dwarf.TagMember {
			return true
		}
		f := Field{Type: d.typeOf(c, rust)}
		f.Name, _ = c.Val(dwarf.AttrName).(string)
		at, _ := c.Val(dwarf.AttrDataMemberLoc).(int64)
		f.Offset = at * 8
		f.Bits, _ = c.Val(dwarf.AttrBitSize).(int64)
		if bit, ok := c.Val(dwarf.AttrDataBitOffset).(int64); ok {
			f.Offset = bit
		} else if bit, ok := c.Val(dwarf.AttrBitOffset).(int64); ok && f.Bits > 0 {
			// DWARF 2: counted from the most significant bit of the storage.
			size, _ := c.Val(dwarf.AttrByteSize).(int64)
			if size == 0 {
				size = f.Type.ByteSize()
			}
			f.Offset += size*8 - bit - f.Bits
		}
		out = append(out, f)
		return true
	})
	return out
}

func (d *dwarfInfo) paramsOf(off dwarf.Offset, rust bool) []Field {
	var out []Field
	d.children(off, func(c *dwarf.Entry) bool {
		if c.Tag == dwarf.TagFormalParameter {
			out = append(out, Field{Type: d.typeOf(c, rust)})
		}
		return true
	})
	return out
}
