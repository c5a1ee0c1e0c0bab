package loader

import (
	"fmt"

	"github.com/cilium/ebpf/btf"
)

// What a kernel can lack that is found in its BTF.
const (
	kfunc          = "kfunc"
	function       = "function"
	tracepoint     = "tracepoint"
	lsmHook        = "LSM hook"
	iterator       = "iterator"
	kernelVariable = "kernel variable"
	structOps      = "struct_ops"
)

// inBTF says by which type such a thing is known: a name's prefix and a kind.
var inBTF = map[string]struct {
	prefix string
	match  func(btf.Type) bool
}{
	kfunc:          {"", isA[*btf.Func]},
	function:       {"", isA[*btf.Func]},
	tracepoint:     {"btf_trace_", isA[*btf.Typedef]},
	lsmHook:        {"bpf_lsm_", isA[*btf.Func]},
	iterator:       {"bpf_iter_", isA[*btf.Func]},
	kernelVariable: {"", isA[*btf.Var]},
	structOps:      {"bpf_struct_ops_", isA[*btf.Struct]},
}

// MissingError says that this kernel lacks something that a program needs. The
// program may be fine: it is the kernel, or its configuration, that is not.
type MissingError struct {
	What   string // "kfunc", "function", "field", "configuration option", ...
	Name   string
	Kernel string // release
}

func (e *MissingError) Error() string {
	return fmt.Sprintf("%s `%s` does not exist in Linux %s", e.What, e.Name, e.Kernel)
}

func (l *load) missing(what, name string) error {
	return &MissingError{what, name, l.kernel.Release}
}

// lookUp finds the type of something in the kernel's BTF; a MissingError says
// that it is not there.
func (k *Kernel) lookUp(what, name string) (uint32, btf.Type, error) {
	t := inBTF[what]
	id, typ, err := k.find(t.prefix+name, t.match)
	if err == errNotFound {
		err = &MissingError{what, name, k.Release}
	}
	return id, typ, err
}

// Has says whether a kernel has what another one lacks; ok is false when its
// BTF cannot tell.
func (k *Kernel) Has(e *MissingError) (has, ok bool) {
	if _, known := inBTF[e.What]; !known {
		return false, false
	}
	_, _, err := k.lookUp(e.What, e.Name)
	return err == nil, true
}
