package object

import (
	"fmt"
	"strconv"
	"strings"
)

// KernelBTF returns the type information in the form that kernels accept:
// externs described as ordinary variables (the second half of
// bpf_object__collect_externs), hidden functions as static ones, section
// names without '?' (bpf_object__sanitize_btf). Type IDs stay what they are.
// nil if the object has no BTF.
func (o *Object) KernelBTF() *BTF {
	if o.BTF == nil || o.kernel != nil {
		return o.kernel
	}
	b := o.BTF.clone()
	o.kernel = b
	for _, f := range o.Functions {
		if !f.Hidden || !o.isSubprogram(f) {
			continue
		}
		if id := b.Find(f.Name, KindFunc); id != 0 {
			b.set(id, 4, uint32(KindFunc)<<24|LinkageStatic)
		}
	}
	for id := uint32(1); int(id) < b.Len(); id++ {
		if b.Kind(id) != KindDatasec {
			continue
		}
		switch name := b.Name(id); {
		case name == ".ksyms":
			b.ksymsToVars(id)
		case name == ".kconfig":
			b.kconfigToVars(id, o.Externs)
		case strings.HasPrefix(name, "?"):
			b.strs[b.u32(id, 0)] = '_'
		}
	}
	return b
}

// ksymsToVars makes each kernel symbol a 4-byte variable.
func (b *BTF) ksymsToVars(sec uint32) {
	integer := b.Find("int", KindInt)
	for id := uint32(1); integer == 0 && int(id) < b.Len(); id++ {
		if b.Kind(id) == KindInt && b.u32(id, 8) == 4 {
			integer = id
		}
	}
	if integer == 0 {
		integer = b.add("int", KindInt, 0, 4, 1<<24|32)
	}
	dummy := b.add("dummy_ksym", KindVar, 0, integer, LinkageGlobal)
	off := uint32(0)
	for i, v := range b.Members(sec) {
		if b.Kind(v.Type) == KindFunc {
			// The kernel wants every parameter of a global function named.
			proto := b.Target(v.Type)
			for j, p := range b.Members(proto) {
				if p.Type != 0 && p.Name == "" {
					b.set(proto, btfTypeLen+8*j, b.u32(dummy, 0))
				}
			}
			b.set(v.Type, 4, uint32(KindFunc)<<24|LinkageGlobal)
			b.set(sec, btfTypeLen+12*i, dummy)
		} else if b.Kind(v.Type) == KindVar {
			b.set(v.Type, btfTypeLen, LinkageGlobal)
			b.set(v.Type, 8, integer)
		}
		b.set(sec, btfTypeLen+12*i+4, off)
		b.set(sec, btfTypeLen+12*i+8, 4)
		off += 4
	}
	b.set(sec, 8, off)
}

func (b *BTF) kconfigToVars(sec uint32, externs []*Extern) {
	end := uint32(0)
	for i, v := range b.Members(sec) {
		for _, e := range externs {
			if e.Kind == ExternKconfig && e.Name == v.Name {
				b.set(sec, btfTypeLen+12*i+4, e.Offset)
				end = max(end, e.Offset+e.Size)
			}
		}
		if b.Kind(v.Type) == KindVar {
			b.set(v.Type, btfTypeLen, LinkageGlobal)
		}
	}
	b.set(sec, 8, end)
	b.sortDatasec(sec)
}

// WithContextTags returns BTF and func_info in which an argument that is
// tagged __arg_ctx has the context's type by name, for kernels that do not
// know the tag (bpf_program_fixup_func_info). context is the structure's name.
func (o *Object) WithContextTags(info Info, context string) (*BTF, Info) {
	b := o.KernelBTF().clone()
	out := Info{Size: info.Size, Data: append([]byte(nil), info.Data...)}
	ptr := uint32(0)
	for i := range out.Len() {
		rec := out.Data[i*out.Size:]
		fn := uint32(rec[4]) | uint32(rec[5])<<8 | uint32(rec[6])<<16 | uint32(rec[7])<<24
		if b.Kind(fn) != KindFunc || b.Linkage(fn) != LinkageGlobal {
			continue
		}
		proto := b.Target(fn)
		params := b.Members(proto)
		newFn := uint32(0)
		for j := range params {
			if !o.BTF.HasTag(fn, int32(j), "arg:ctx") {
				continue
			}
			if ptr == 0 {
				st := b.add(context, KindStruct, 0, 0)
				ptr = b.add("", KindPtr, 0, st)
			}
			if newFn == 0 {
				words := []uint32{b.Target(proto)}
				for k := range params {
					words = append(words, b.u32(proto, btfTypeLen+8*k), b.u32(proto, btfTypeLen+8*k+4))
				}
				np := b.add("", KindFuncProto, len(params), words...)
				newFn = b.add(b.Name(fn), KindFunc, LinkageGlobal, np)
				for k, v := range []byte{byte(newFn), byte(newFn >> 8), byte(newFn >> 16), byte(newFn >> 24)} {
					rec[4+k] = v
				}
			}
			b.set(b.Target(newFn), btfTypeLen+8*j+4, ptr)
		}
	}
	return b, out
}

// Describe names a type for messages, such as "struct task_struct".
func (b *BTF) Describe(id uint32) string {
	name := b.Name(id)
	switch b.Kind(id) {
	case KindStruct:
		return "struct " + name
	case KindUnion:
		return "union " + name
	case KindEnum, KindEnum64:
		return "enum " + name
	}
	if name == "" {
		return fmt.Sprintf("type %d", id)
	}
	return name
}

// fieldName spells an access string ("0:1:3": indices of members, the first of
// an array element) as C would.
func (b *BTF) fieldName(typ uint32, access string) string {
	name := b.Describe(typ)
	typ = b.Underlying(typ)
	for i, part := range strings.Split(access, ":") {
		n, err := strconv.Atoi(part)
		if err != nil || i > maxResolveDepth {
			return name
		}
		switch k := b.Kind(typ); {
		case k == KindEnum || k == KindEnum64:
			return name + " " + b.enumerator(typ, n)
		case i == 0:
			if n > 0 {
				name += fmt.Sprintf("[%d]", n)
			}
		case k == KindStruct || k == KindUnion:
			members := b.Members(typ)
			if n < 0 || n >= len(members) {
				return name
			}
			if members[n].Name != "" {
				name += "." + members[n].Name
			}
			typ = b.Underlying(members[n].Type)
		case k == KindArray:
			name += fmt.Sprintf("[%d]", n)
			elem, _ := b.Elems(typ)
			typ = b.Underlying(elem)
		}
	}
	return name
}

func (b *BTF) enumerator(typ uint32, n int) string {
	size := 8
	if b.Kind(typ) == KindEnum64 {
		size = 12
	}
	if n < 0 || n >= b.vlen(typ) {
		return ""
	}
	return b.String(b.u32(typ, btfTypeLen+size*n))
}
