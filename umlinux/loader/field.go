package loader

import (
	"strings"

	"github.com/bpfdiag/bpfdiag/internal/loaderror"
	"github.com/cilium/ebpf/btf"
)

// foundField is what a kernel has of a field or enumerator.
type foundField struct {
	found bool
	// siblings are the names at the first place where it and the kernel
	// differ; nil where the type itself is not there.
	siblings []string
	lacking  string // the name that is not among them
}

// findField looks a field or an enumerator up by the name that
// object.CORERelocation gives it: "struct sock.__sk_common.skc_num", "enum
// bpf_func_id BPF_FUNC_loop". Flavours do not count. An error says that the
// kernel's BTF could not be read.
func (k *Kernel) findField(name string) (f foundField, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	spec, err := k.load()
	if err != nil {
		return f, err
	}
	kind, rest, _ := strings.Cut(name, " ")
	if kind == "enum" {
		typ, value, _ := strings.Cut(rest, " ")
		types, _ := spec.AnyTypesByName(withoutFlavour(typ))
		for _, t := range types {
			if e, ok := t.(*btf.Enum); ok {
				for _, v := range e.Values {
					f.siblings = append(f.siblings, v.Name)
					f.found = f.found || v.Name == withoutFlavour(value)
				}
			}
		}
		f.lacking = withoutFlavour(value)
		return f, nil
	}
	path := strings.Split(rest, ".")
	types, _ := spec.AnyTypesByName(withoutFlavour(strings.TrimRight(path[0], "[]0123456789")))
	for _, t := range types {
		if g := walkFields(t, path[1:]); g.found || f.siblings == nil {
			f = g
		}
	}
	return f, nil
}

// walkFields follows field names into a type.
func walkFields(t btf.Type, path []string) (f foundField) {
	for _, name := range path {
		name, _, _ = strings.Cut(name, "[")
		members := map[string]btf.Type{}
		f.siblings, f.lacking = nil, name
		collectMembers(t, members, &f.siblings, 0)
		next, ok := members[name]
		if !ok {
			return f
		}
		for t = btf.UnderlyingType(next); ; t = btf.UnderlyingType(t.(*btf.Array).Type) {
			if _, array := t.(*btf.Array); !array {
				break
			}
		}
	}
	f.found = len(path) > 0
	return f
}

// collectMembers lists the members of a structure, those of anonymous ones in it too.
func collectMembers(t btf.Type, members map[string]btf.Type, names *[]string, depth int) {
	var list []btf.Member
	switch t := btf.UnderlyingType(t).(type) {
	case *btf.Struct:
		list = t.Members
	case *btf.Union:
		list = t.Members
	}
	for _, m := range list {
		switch {
		case m.Name != "":
			members[m.Name] = m.Type
			*names = append(*names, m.Name)
		case depth < 16:
			collectMembers(m.Type, members, names, depth+1)
		}
	}
}

// withoutFlavour is a name without its "___flavour" (bpf_core_essential_name_len).
func withoutFlavour(name string) string {
	if i := strings.Index(name, "___"); i > 0 && i+3 < len(name) {
		return name[:i]
	}
	return name
}

// missingField explains a CO-RE relocation that found nothing.
func (l *load) missingField(name string) *loaderror.Error {
	what := loaderror.Field
	if strings.HasPrefix(name, "enum ") {
		what = loaderror.Enumerator
	}
	e := l.kernel.missing(what, name)
	f, err := l.kernel.findField(name)
	switch {
	case err != nil:
	case f.found:
		// It is there; bpf_core_fields_are_compat wants the same kind of type too.
		e.Exists = true
	case f.siblings == nil:
		e.NoType = true
	default:
		e.Similar = similar(f.lacking, f.siblings)
	}
	return e
}

// lacksMapType says whether a kernel is known not to have a type of map, which
// it lists in enum bpf_map_type.
func (k *Kernel) lacksMapType(typ uint32) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	spec, err := k.load()
	if err != nil {
		return false
	}
	var types *btf.Enum
	if err := spec.TypeByName("bpf_map_type", &types); err != nil {
		return false
	}
	for _, v := range types.Values {
		if v.Value == uint64(typ) && v.Name != "__MAX_BPF_MAP_TYPE" {
			return false
		}
	}
	return true
}
