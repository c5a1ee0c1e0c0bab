package features

import (
	"fmt"
	"strings"

	"github.com/cilium/ebpf/btf"
)

// declaration is a function in C.
func declaration(f *btf.Func) string {
	proto, ok := f.Type.(*btf.FuncProto)
	if !ok {
		return ""
	}
	return declare(proto.Return, f.Name+"("+parameters(proto)+")")
}

func parameters(proto *btf.FuncProto) string {
	if len(proto.Params) == 0 {
		return "void"
	}
	var list []string
	for _, p := range proto.Params {
		if _, void := p.Type.(*btf.Void); void {
			list = append(list, "...")
		} else {
			list = append(list, declare(p.Type, p.Name))
		}
	}
	return strings.Join(list, ", ")
}

// declare writes a declaration in C of what, which may be empty.
func declare(t btf.Type, what string) string {
	switch t := t.(type) {
	case nil, *btf.Void:
		return join("void", what)
	case *btf.Pointer:
		if f, ok := t.Target.(*btf.FuncProto); ok {
			return declare(f.Return, "(*"+what+")("+parameters(f)+")")
		}
		if _, ok := t.Target.(*btf.Array); ok {
			return declare(t.Target, "(*"+what+")")
		}
		return declare(t.Target, "*"+what)
	case *btf.Array:
		return declare(t.Type, fmt.Sprintf("%s[%d]", what, t.Nelems))
	case *btf.Const:
		if strings.HasPrefix(what, "*") || !isPointer(t.Type) {
			return "const " + declare(t.Type, what)
		}
		return declare(t.Type, join("const", what))
	case *btf.Volatile:
		return "volatile " + declare(t.Type, what)
	case *btf.Restrict:
		return declare(t.Type, what)
	case *btf.TypeTag:
		return declare(t.Type, what)
	case *btf.Struct:
		return join("struct "+t.Name, what)
	case *btf.Union:
		return join("union "+t.Name, what)
	case *btf.Enum:
		return join("enum "+t.Name, what)
	case *btf.Fwd:
		return join(t.Kind.String()+" "+t.Name, what)
	}
	return join(t.TypeName(), what)
}

func isPointer(t btf.Type) bool { _, ok := t.(*btf.Pointer); return ok }

func join(typ, what string) string {
	if what == "" {
		return typ
	}
	return typ + " " + what
}
