package debuginfo

import (
	"fmt"
	"strings"
)

// Kind says what a Type is.
type Kind uint8

// The kinds. Alias stands for typedefs, Qualified for const, volatile and the like.
const (
	Void Kind = iota
	Int
	Bool
	Float
	Pointer
	Array
	Struct
	Union
	Enum
	Alias
	Qualified
	Function
)

// Type is a type of the source, from DWARF or BTF. What it refers to is read
// when asked for.
type Type struct {
	Kind   Kind
	Name   string // tag of a struct, name of a typedef or integer; the qualifier; empty if it has none
	Size   int64  // in bytes; 0 when unknown
	Len    int64  // elements of an array; -1 when it is open
	Signed bool   // of integers and enumerations
	Rust   bool

	elem   func() *Type
	fields func() []Field
}

// Field is a member of a struct or union, or a parameter of a function type.
// Offset and Bits are in bits; Bits is 0 for what is no bit field.
type Field struct {
	Name   string
	Type   *Type
	Offset int64
	Bits   int64
}

// Elem returns what a pointer points to, an array holds, an alias or
// qualifier names, a function returns. It is never nil.
func (t *Type) Elem() *Type {
	if t.elem != nil {
		if e := t.elem(); e != nil {
			t.elem = func() *Type { return e }
			return e
		}
	}
	return voidType
}

// Fields returns the members of a struct or union.
func (t *Type) Fields() []Field {
	if t.fields == nil {
		return nil
	}
	f := t.fields()
	t.fields = func() []Field { return f }
	return f
}

var voidType = &Type{Kind: Void, Name: "void"}

// Underlying follows aliases and qualifiers.
func (t *Type) Underlying() *Type {
	for range maxNesting {
		if t.Kind != Alias && t.Kind != Qualified {
			return t
		}
		t = t.Elem()
	}
	return voidType
}

// ByteSize returns the size in bytes, 0 when it is unknown.
func (t *Type) ByteSize() int64 {
	n := int64(1)
	for range maxNesting {
		switch t.Kind {
		case Alias, Qualified:
			t = t.Elem()
		case Array:
			if t.Len <= 0 || n > maxObjectSize/t.Len {
				return 0
			}
			n *= t.Len
			t = t.Elem()
		case Pointer:
			return n * 8
		default:
			if t.Size <= 0 || t.Size > maxObjectSize || n > maxObjectSize/t.Size {
				return 0
			}
			return n * t.Size
		}
	}
	return 0
}

// maxObjectSize bounds the sizes that are believed, in bytes.
const maxObjectSize = 1 << 40

// Pointee returns what a pointer points to, nil if the type is no pointer.
func (t *Type) Pointee() *Type {
	if t == nil {
		return nil
	}
	if u := t.Underlying(); u.Kind == Pointer {
		return u.Elem()
	}
	return nil
}

// String spells the type as its declaration does: `struct stats *`, `__u32`,
// `char[16]`, `&mut Stats`.
func (t *Type) String() string {
	if t == nil {
		return ""
	}
	if t.Rust {
		return t.rust(0)
	}
	return strings.TrimSpace(t.declare("", 0))
}

// Declare spells the declaration of a name: `char comm[16]`, `struct s *p`.
func (t *Type) Declare(name string) string {
	if t.Rust {
		return name + ": " + t.rust(0)
	}
	return t.declare(name, 0)
}

func (t *Type) declare(name string, depth int) string {
	if depth > maxNesting {
		return name
	}
	prefix := func(word string) string {
		if name == "" || name[0] == '[' {
			return word + name
		}
		return word + " " + name
	}
	switch t.Kind {
	case Pointer:
		e := t.Elem()
		if k := e.Kind; k == Array || k == Function {
			return e.declare("(*"+name+")", depth+1)
		}
		return e.declare("*"+name, depth+1)
	case Array:
		n := ""
		if t.Len >= 0 {
			n = fmt.Sprint(t.Len)
		}
		return t.Elem().declare(name+"["+n+"]", depth+1)
	case Function:
		var params []string
		for _, f := range t.Fields() {
			params = append(params, strings.TrimSpace(f.Type.declare("", depth+1)))
		}
		if len(params) == 0 {
			params = []string{"void"}
		}
		return t.Elem().declare(name+"("+strings.Join(params, ", ")+")", depth+1)
	case Qualified:
		e := t.Elem()
		if e.Kind == Pointer { // `int *const p`
			return e.declare(prefix(t.Name), depth+1)
		}
		return t.Name + " " + e.declare(name, depth+1)
	case Struct, Union, Enum:
		return prefix(t.tag())
	}
	if t.Name == "" {
		return prefix("void")
	}
	return prefix(t.Name)
}

func (t *Type) tag() string {
	word := map[Kind]string{Struct: "struct", Union: "union", Enum: "enum"}[t.Kind]
	if t.Name == "" {
		return word
	}
	return word + " " + t.Name
}

func (t *Type) rust(depth int) string {
	switch {
	case depth > maxNesting:
		return "_"
	case t.Name != "" && t.Kind != Qualified:
		return t.Name // rustc names pointers too: `*mut xdp_md`, `&[u8]`
	case t.Kind == Pointer:
		return "*" + t.Elem().rust(depth+1)
	case t.Kind == Array:
		return fmt.Sprintf("[%s; %d]", t.Elem().rust(depth+1), t.Len)
	case t.Kind == Alias || t.Kind == Qualified:
		return t.Elem().rust(depth + 1)
	case t.Kind == Void:
		return "()"
	}
	return "_"
}
