package loader

import (
	"fmt"
	"strings"
	"syscall"

	"github.com/bpfdiag/bpfdiag/internal/loaderror"
	"github.com/bpfdiag/bpfdiag/internal/object"
	"github.com/cilium/ebpf/btf"
)

// Refusal explains why the kernel failed a program without a complaint of the
// verifier; verified says that the verifier had finished.
func (r *Result) Refusal(verified bool) *loaderror.Error {
	l, p := r.load, r.program
	e := &loaderror.Error{Cause: loaderror.Unexplained, Kernel: l.kernel.Release, Errno: r.Errno}
	switch {
	case verified:
		e.Cause = loaderror.Unrunnable
		e.Err = fmt.Errorf("the verifier accepted it, but the kernel then could not make it runnable: %w", r.Errno)
	case r.Errno == syscall.EINVAL && l.btfLog != "":
		e.Cause, e.Log = loaderror.BTF, l.btfLog
		e.Err = fmt.Errorf("the kernel refused it before verification (invalid argument), after it had refused the object's BTF: %s", firstLines(l.btfLog, 3))
	case r.Errno == syscall.EINVAL && p.hasAtt:
		e.Cause = loaderror.ProgramType
		e.Err = fmt.Errorf("the kernel refused it before verification (invalid argument): Linux %s does not take program type %s with attach type %s", l.kernel.Release, p.typ, p.attach)
	case r.Errno == syscall.EINVAL:
		e.Cause = loaderror.ProgramType
		e.Err = fmt.Errorf("the kernel refused it before verification (invalid argument): Linux %s does not take program type %s like this", l.kernel.Release, p.typ)
	case r.Errno == syscall.E2BIG && len(p.insns) > maxInsns:
		e.Cause = loaderror.Length
		e.Err = fmt.Errorf("it has %d instructions; no kernel takes more than a million", len(p.insns))
	default:
		e.Err = fmt.Errorf("the kernel refused it before verification: %w", r.Errno)
	}
	return e
}

func firstLines(s string, n int) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	return strings.Join(lines[:min(n, len(lines))], "; ")
}

// Lack says what this kernel lacks if the loader made the instruction an
// invalid call for that reason, nil otherwise. A program that the verifier
// rejects there may be fine.
func (r *Result) Lack(insn int) *loaderror.Error {
	p := r.program
	if p == nil || insn < 0 || insn >= len(p.insns) || p.insns[insn].Code != object.CodeCall || p.insns[insn].Src() != 0 {
		return nil
	}
	fn, i, ok := p.placed.Find(insn)
	if !ok {
		return nil
	}
	l := r.load
	var e *loaderror.Error
	switch n := int(p.insns[insn].Imm); {
	case n == btf.COREBadRelocationSentinel:
		name, ok := l.failedCORE[place{fn, i}]
		if !ok {
			return nil
		}
		e = l.missingField(name)
	case n >= poisonKfunc && n < poisonKfunc+len(l.obj.Externs):
		e = l.kernel.missing(loaderror.Kfunc, l.obj.Externs[n-poisonKfunc].KernelName())
		e.Weak = true // one that is not is an error before it is called
	default:
		return nil
	}
	e.Function, e.Insn = fn, i
	return e
}
