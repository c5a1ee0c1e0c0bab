package features

import (
	"fmt"
	"strings"

	"github.com/bpfdiag/bpfdiag/internal/lazyregexp"
	"github.com/bpfdiag/bpfdiag/internal/object"
	"github.com/bpfdiag/bpfdiag/umlinux/loader"
	"github.com/cilium/ebpf/btf"
)

// Bounds of what is asked of a context.
const (
	maxFields    = 128
	maxArguments = 16
)

// context asks what of its context a program may read and write.
func (a *asker) context(program int) {
	c := a.contextOf(program)
	if c == nil {
		return
	}
	a.out.Programs[program].Context = c
	if !a.question.All {
		c.Fields = nil
		return
	}
	for i := range c.Fields {
		f := &c.Fields[i]
		size, ok := map[uint32]uint8{1: 0x71, 2: 0x69, 4: 0x61, 8: 0x79}[f.Size] // BPF_LDX | BPF_MEM
		if !ok {
			continue
		}
		read := object.Insn{Code: size, Regs: 0x10, Off: int16(f.Offset)} // r0 = *(r1 + offset)
		p := loader.Probe{Hook: a.hooks[program], License: "GPL", Level: 2,
			Insns: []object.Insn{read, refused, {Code: exit}}}
		a.ask(p.Call(), func(an answer) {
			if an.passed() {
				f.Read = valueIn(an.log)
			}
		})
		write := object.Insn{Code: size + 2, Regs: 0x21, Off: int16(f.Offset)} // *(r1 + offset) = r2
		p = loader.Probe{Hook: a.hooks[program], License: "GPL",
			Insns: []object.Insn{{Code: movImm, Regs: 2}, write, refused, {Code: exit}}}
		a.ask(p.Call(), func(an answer) { f.Write = an.passed() })
	}
}

// firstValue is what a log of all states calls R0 after the first instruction.
var firstValue = lazyregexp.New(`(?m)^0: \(.*; R0(?:_w)?=([\w-]+)|^1: R0(?:_w)?=([\w-]+)`)

// valueIn finds what the verifier takes the value of a first read for.
func valueIn(log string) string {
	m := firstValue.FindStringSubmatch(log)
	switch {
	case m == nil:
		return "scalar"
	case m[1] != "":
		return kindOf(m[1])
	}
	return kindOf(m[2])
}

// kindOf: numbers that are known, and "inv", are scalars.
func kindOf(value string) string {
	if value == "inv" || strings.Trim(value, "-0123456789") == "" {
		return "scalar"
	}
	return strings.TrimSuffix(value, "_")
}

// contextOf lists what a program's context has: the fields of its structure, or
// the arguments of what it is attached to.
func (a *asker) contextOf(program int) *Context {
	section := a.out.Programs[program].Sections[0]
	name := a.hooks[program].Type.ContextStruct()
	base, target, _ := strings.Cut(section, "/")
	if strings.TrimSuffix(base, ".s") == "iter" {
		name = "bpf_iter__" + target
	}
	c := &Context{}
	err := a.kernel.Types(func(spec *btf.Spec) error {
		if name != "" {
			t, err := namedStruct(spec, name)
			if err != nil {
				return err
			}
			c.Name = declare(t, "")
			c.addFields("", 0, t)
			return nil
		}
		proto, skip, err := attached(spec, base, target)
		if err != nil || proto == nil {
			return err
		}
		c.Name = "arguments"
		c.addArguments(proto, skip, strings.HasPrefix(base, "fexit") || strings.HasPrefix(base, "fsession"))
		return nil
	})
	if err != nil || len(c.Fields) == 0 {
		return nil
	}
	return c
}

func namedStruct(spec *btf.Spec, name string) (btf.Type, error) {
	types, err := spec.AnyTypesByName(name)
	if err != nil {
		return nil, err
	}
	for _, t := range types {
		if s, ok := btf.UnderlyingType(t).(*btf.Struct); ok {
			return s, nil
		}
	}
	return nil, fmt.Errorf("%s is no structure", name)
}

// attached is the prototype of what a program is attached to, and how many of
// its parameters the program does not see.
func attached(spec *btf.Spec, base, target string) (proto *btf.FuncProto, skip int, err error) {
	switch strings.TrimSuffix(base, ".s") {
	case "tp_btf":
		var t *btf.Typedef
		if err := spec.TypeByName("btf_trace_"+target, &t); err != nil {
			return nil, 0, err
		}
		return callback(t), 1, nil // void *__data
	case "struct_ops":
		typ, member, _ := strings.Cut(target, ".")
		var t *btf.Struct
		if err := spec.TypeByName(typ, &t); err != nil {
			return nil, 0, err
		}
		for _, m := range t.Members {
			if m.Name == member {
				return callback(m.Type), 0, nil
			}
		}
		return nil, 0, nil
	case "lsm", "lsm_cgroup":
		target = "bpf_lsm_" + target
	case "fentry", "fexit", "fsession", "fmod_ret":
	default:
		return nil, 0, nil
	}
	var f *btf.Func
	if err := spec.TypeByName(target, &f); err != nil {
		return nil, 0, err
	}
	proto, _ = f.Type.(*btf.FuncProto)
	return proto, 0, nil
}

// addArguments lists parameters, which a program finds as 8 bytes each.
func (c *Context) addArguments(proto *btf.FuncProto, skip int, result bool) {
	for i, p := range proto.Params[min(skip, len(proto.Params)):] {
		if i == maxArguments {
			return
		}
		c.Fields = append(c.Fields, Field{Name: declare(p.Type, p.Name), Offset: uint32(8 * i), Size: 8})
	}
	if _, void := proto.Return.(*btf.Void); result && !void {
		c.Fields = append(c.Fields, Field{Name: declare(proto.Return, "ret"), Offset: uint32(8 * len(c.Fields)), Size: 8})
	}
}

// addFields lists a structure's fields with those of structures in it. Of an
// array it has the first element; of fields at one place, the first.
func (c *Context) addFields(prefix string, at uint32, t btf.Type) {
	var members []btf.Member
	switch t := t.(type) {
	case *btf.Struct:
		members = t.Members
	case *btf.Union:
		members = t.Members
	}
	for _, m := range members {
		name, offset := prefix+m.Name, at+m.Offset.Bytes()
		typ := btf.UnderlyingType(m.Type)
		if array, ok := typ.(*btf.Array); ok {
			name, typ = fmt.Sprintf("%s[%d]", name, array.Nelems), btf.UnderlyingType(array.Type)
		}
		size, err := btf.Sizeof(typ)
		switch _, structure := typ.(*btf.Struct); {
		case err != nil || m.BitfieldSize != 0 || len(c.Fields) == maxFields:
		case structure:
			c.addFields(name+".", offset, typ)
		default:
			if union, ok := typ.(*btf.Union); ok {
				prefix := name + "."
				if m.Name == "" {
					prefix = strings.TrimSuffix(name, m.Name)
				}
				c.addFields(prefix, offset, union)
			} else if n := len(c.Fields); n == 0 || c.Fields[n-1].Offset != offset {
				c.Fields = append(c.Fields, Field{Name: name, Offset: offset, Size: uint32(size)})
			}
		}
	}
}
