package loader

import (
	"fmt"
	"strings"
	"syscall"

	"github.com/bpfdiag/bpfdiag/internal/object"
	"github.com/cilium/ebpf/btf"
)

// Refusal explains why the kernel failed a program without a complaint of the
// verifier; verified says that the verifier had finished.
func (r *Result) Refusal(verified bool) error {
	l, p := r.load, r.program
	switch {
	case verified:
		return fmt.Errorf("the verifier accepted it, but the kernel then could not make it runnable: %w", r.Errno)
	case r.Errno == syscall.EINVAL && l.btfLog != "":
		return fmt.Errorf("the kernel refused it before verification (invalid argument), after it had refused the object's BTF: %s", firstLines(l.btfLog, 3))
	case r.Errno == syscall.EINVAL && p.hasAtt:
		return fmt.Errorf("the kernel refused it before verification (invalid argument): Linux %s does not take program type %s with attach type %s", l.kernel.Release, p.typ, p.attach)
	case r.Errno == syscall.EINVAL:
		return fmt.Errorf("the kernel refused it before verification (invalid argument): Linux %s does not take program type %s like this", l.kernel.Release, p.typ)
	case r.Errno == syscall.E2BIG && len(p.insns) > maxInsns:
		return fmt.Errorf("it has %d instructions; no kernel takes more than a million", len(p.insns))
	}
	return fmt.Errorf("the kernel refused it before verification: %w", r.Errno)
}

func firstLines(s string, n int) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	return strings.Join(lines[:min(n, len(lines))], "; ")
}

// Lack says what this kernel lacks if the loader made the instruction an
// invalid call for that reason, nil otherwise. A program that the verifier
// rejects there may be fine.
func (r *Result) Lack(insn int) error {
	p := r.program
	if p == nil || insn < 0 || insn >= len(p.insns) || p.insns[insn].Code != object.CodeCall || p.insns[insn].Src() != 0 {
		return nil
	}
	l := r.load
	switch n := int(p.insns[insn].Imm); {
	case n == btf.COREBadRelocationSentinel:
		for _, pl := range p.placed {
			name, ok := l.failedCORE[place{pl.Function, insn - pl.At}]
			switch {
			case ok && strings.HasPrefix(name, "enum "):
				return l.missing("enumerator", name)
			case ok:
				return l.missing("field", name)
			}
		}
	case n >= poisonKfunc && n < poisonKfunc+len(l.obj.Externs):
		return l.missing(kfunc, l.obj.Externs[n-poisonKfunc].KernelName())
	}
	return nil
}
