package loader

import (
	"errors"

	"github.com/bpfdiag/bpfdiag/internal/loaderror"
	"github.com/cilium/ebpf/btf"
)

// inBTF says by which type such a thing is known: a name's prefix and a kind.
var inBTF = map[string]struct {
	prefix string
	match  func(btf.Type) bool
}{
	loaderror.Kfunc:          {"", isA[*btf.Func]},
	loaderror.Function:       {"", isA[*btf.Func]},
	loaderror.Tracepoint:     {"btf_trace_", isA[*btf.Typedef]},
	loaderror.LSMHook:        {"bpf_lsm_", isA[*btf.Func]},
	loaderror.Iterator:       {"bpf_iter_", isA[*btf.Func]},
	loaderror.KernelVariable: {"", isA[*btf.Var]},
	loaderror.StructOps:      {"bpf_struct_ops_", isA[*btf.Struct]},
}

// missing says that this kernel lacks something that a program needs. The
// program may be fine: it is the kernel, or its configuration, that is not.
func (k *Kernel) missing(what, name string) *loaderror.Error {
	return &loaderror.Error{Cause: loaderror.Missing, What: what, Name: name, Kernel: k.Release}
}

// lookUp finds the type of something in the kernel's BTF; an error of cause
// Missing says that it is not there.
func (k *Kernel) lookUp(what, name string) (uint32, btf.Type, error) {
	t := inBTF[what]
	id, typ, err := k.find(t.prefix+name, t.match)
	if err == errNotFound {
		err = k.missing(what, name)
	}
	return id, typ, err
}

// Has says whether a kernel has what another one lacks; ok is false when its
// BTF cannot tell.
func (k *Kernel) Has(e *loaderror.Error) (has, ok bool) {
	switch {
	case e.Cause != loaderror.Missing:
		return false, false
	case e.What == loaderror.Field || e.What == loaderror.Enumerator:
		f, err := k.findField(e.Name)
		return f.found, err == nil
	}
	if _, known := inBTF[e.What]; !known {
		return false, false
	}
	_, _, err := k.lookUp(e.What, e.Name)
	return err == nil, true
}

// isMissing says whether an error is that the kernel lacks something.
func isMissing(err error) bool {
	var e *loaderror.Error
	return errors.As(err, &e) && e.Cause == loaderror.Missing
}

// withSimilar adds to an error that something is missing what it may be called instead.
func (k *Kernel) withSimilar(err error) error {
	var e *loaderror.Error
	if errors.As(err, &e) && e.Cause == loaderror.Missing {
		e.Similar = k.similarTargets(e.What, e.Name)
	}
	return err
}
