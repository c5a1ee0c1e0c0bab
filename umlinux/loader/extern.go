package loader

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/bpfdiag/bpfdiag/internal/loaderror"
	"github.com/bpfdiag/bpfdiag/internal/object"
	"github.com/cilium/ebpf/btf"
)

// resolvedExtern is what an extern is in this kernel.
type resolvedExtern struct {
	id    uint32 // BTF type ID; 0 for a weak one that the kernel lacks
	addr  uint64
	index int
	err   error
}

// extern mirrors bpf_object__resolve_externs for one extern.
func (l *load) extern(e *object.Extern) resolvedExtern {
	if r, ok := l.externs[e]; ok {
		return r
	}
	var r resolvedExtern
	if e.Err != nil {
		r.err = symbolError(e, e.Err)
	}
	for i := range l.obj.Externs {
		if l.obj.Externs[i] == e {
			r.index = i
		}
	}
	if r.err == nil {
		switch e.Kind {
		case object.ExternKconfig:
			r.err = l.kconfig(e)
		case object.ExternAddress:
			r.addr = l.kernel.symbol(e.Name)
			if r.addr == 0 && !e.Weak {
				r.err = l.kernel.missing(loaderror.KernelSymbol, e.Name)
			}
		case object.ExternVar:
			r.id, r.err = l.ksym(e, loaderror.KernelVariable, e.Name)
			if m, ok := r.err.(*loaderror.Error); ok && m.Cause == loaderror.Missing {
				m.Exists = l.kernel.symbol(e.Name) != 0
			}
		case object.ExternKfunc:
			r.id, r.err = l.ksym(e, loaderror.Kfunc, e.KernelName())
		}
	}
	l.externs[e] = r
	return r
}

// symbolError says that an extern is declared in a way that nobody can define it.
func symbolError(e *object.Extern, err error) error {
	return &loaderror.Error{Cause: loaderror.Symbol, Name: e.Name, Err: err}
}

// ksym finds a kernel function or variable and compares its type with the
// declaration (bpf_object__resolve_ksym_{var,func}_btf_id).
func (l *load) ksym(e *object.Extern, what, name string) (uint32, error) {
	id, target, err := l.kernel.lookUp(what, name)
	if isMissing(err) && e.Weak {
		return 0, nil
	}
	if err != nil {
		return 0, l.kernel.withSimilar(err)
	}
	local, err := l.obj.Spec()
	if err != nil {
		return 0, err
	}
	l.kernel.mu.Lock()
	defer l.kernel.mu.Unlock()
	declared, err := local.TypeByID(btf.TypeID(e.Type))
	if err != nil {
		return 0, err
	}
	var has btf.Type
	switch t := target.(type) {
	case *btf.Func:
		has = t.Type
	case *btf.Var:
		has = btf.UnderlyingType(t.Type)
	}
	if err := btf.CheckTypeCompatibility(declared, has); err != nil {
		if e.Weak && e.Kind == object.ExternKfunc {
			return 0, nil
		}
		return 0, &loaderror.Error{Cause: loaderror.Mismatch, What: what, Name: name, Kernel: l.kernel.Release,
			Err: fmt.Errorf("%s `%s` is declared with another type than it has in Linux %s", what, name, l.kernel.Release)}
	}
	return id, nil
}

// kconfig writes the value of a __kconfig variable into the .kconfig map.
func (l *load) kconfig(e *object.Extern) error {
	data := l.kconfigData()[e.Offset : e.Offset+e.Size]
	if strings.HasPrefix(e.Name, "CONFIG_") {
		v, err := l.kernel.option(e.Name)
		if err != nil {
			return err
		}
		if v == "" {
			if e.Weak {
				return nil
			}
			return l.kernel.missing(loaderror.Option, e.Name)
		}
		return l.setKconfig(e, data, v)
	}
	var v uint64
	switch e.Name {
	case "LINUX_KERNEL_VERSION":
		v = l.kernel.versionCode()
	case "LINUX_HAS_BPF_COOKIE":
		if l.kernel.AtLeast(5, 15) {
			v = 1
		}
	case "LINUX_HAS_SYSCALL_WRAPPER":
		if l.kernel.symbol("__x64_sys_bpf") != 0 {
			v = 1
		}
	default:
		if !strings.HasPrefix(e.Name, "LINUX_") || !e.Weak {
			return symbolError(e, fmt.Errorf("`%s` is no __kconfig variable that loaders know: they begin with CONFIG_ or are LINUX_KERNEL_VERSION, LINUX_HAS_BPF_COOKIE, LINUX_HAS_SYSCALL_WRAPPER", e.Name))
		}
	}
	return setNumber(e, data, v)
}

// setKconfig mirrors set_kcfg_value_{tri,str,num}.
func (l *load) setKconfig(e *object.Extern, data []byte, v string) error {
	b := l.obj.BTF
	t := b.Underlying(e.Type)
	bad := &loaderror.Error{Cause: loaderror.Mismatch, What: loaderror.Option, Name: e.Name, Kernel: l.kernel.Release,
		Err: fmt.Errorf("__kconfig variable `%s` has a type that its value %s does not fit", e.Name, v)}
	switch {
	case v == "y" || v == "n" || v == "m":
		switch {
		case b.Kind(t) == object.KindEnum && b.Name(t) == "libbpf_tristate":
			return setNumber(e, data, map[string]uint64{"n": 0, "y": 1, "m": 2}[v])
		case b.Kind(t) == object.KindInt && b.IsBool(t) && v != "m":
			return setNumber(e, data, map[string]uint64{"n": 0, "y": 1}[v])
		case b.Kind(t) == object.KindInt && e.Size == 1:
			data[0] = v[0]
			return nil
		}
		return bad
	case strings.HasPrefix(v, `"`):
		if elem, n := b.Elems(t); n == 0 || b.Kind(b.Underlying(elem)) != object.KindInt {
			return bad
		}
		copy(data[:len(data)-1], strings.Trim(v, `"`))
		return nil
	}
	n, err := strconv.ParseUint(v, 0, 64)
	if err != nil {
		i, err := strconv.ParseInt(v, 0, 64)
		if err != nil {
			return bad
		}
		n = uint64(i)
	}
	if b.Kind(t) != object.KindInt {
		return bad
	}
	return setNumber(e, data, n)
}

func setNumber(e *object.Extern, data []byte, v uint64) error {
	switch len(data) {
	case 1:
		data[0] = byte(v)
	case 2:
		le.PutUint16(data, uint16(v))
	case 4:
		le.PutUint32(data, uint32(v))
	case 8:
		le.PutUint64(data, v)
	default:
		return symbolError(e, fmt.Errorf("__kconfig variable `%s` is no integer", e.Name))
	}
	return nil
}
