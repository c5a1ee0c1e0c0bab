package check

import (
	"errors"
	"strings"
	"sync"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/loaderror"
	"github.com/bpfdiag/bpfdiag/rules"
	"github.com/bpfdiag/bpfdiag/umlinux/kernel"
	"github.com/bpfdiag/bpfdiag/umlinux/loader"
	"github.com/bpfdiag/bpfdiag/verifierlog"
)

// failure is why a program has no verdict of the verifier, nil if it has one.
func failure(r *loader.Result, sum *verifierlog.Summary) error {
	switch {
	case r.Err != nil:
		return r.Err
	case r.Errno == 0:
		return nil
	case sum.Message == "":
		return r.Refusal(sum.Stats.Known)
	case strings.HasPrefix(sum.Message, "in-kernel BTF is malformed"):
		return errors.New("this kernel's own BTF is malformed, so it can verify nothing; build it again with `bpfdiag kernel build --force`")
	}
	if lack := r.Lack(sum.Insn); lack != nil {
		return lack
	}
	return nil
}

// diagnoseLoad explains why a program was not verified, and completes the
// program's error by what the other kernels have.
func (ck *Checker) diagnoseLoad(c rules.Case, r *loader.Result, p *diag.Program, err error) diag.Diagnostic {
	f := rules.Failure{Error: new(loaderror.Error), Insn: -1}
	if !errors.As(err, &f.Error) {
		f.Error = &loaderror.Error{Err: err}
	}
	f.Have, f.Lack = ck.elsewhere(f.Error)
	if f.Cause == loaderror.Missing && !f.Exists {
		switch {
		case len(f.Have) > 0:
			p.Error += ", but in " + strings.Join(f.Have, ", ")
		case len(f.Lack) > 0:
			p.Error += ", nor in " + strings.Join(f.Lack, ", ")
		}
	}
	// A program that could not be linked has no layout, or only its beginning.
	if fn := r.Object().Program(r.Name); fn != nil && len(r.Layout()) == 0 || f.Function != nil {
		layout := loader.LayoutOf(r.Object(), fn).With(f.Function)
		c.Locate = layout.Find
		f.Insn = layout.Place(f.Function, f.Error.Insn)
	}
	return rules.DiagnoseLoad(c, f)
}

// elsewhere says which other kernels that are built have what this one lacks,
// and which lack it too, by their releases.
func (ck *Checker) elsewhere(e *loaderror.Error) (have, lack []string) {
	if e.Cause != loaderror.Missing || ck.others == nil {
		return nil, nil
	}
	if ck.asked != nil {
		*ck.asked = true
	}
	kernels, _ := ck.others.list()
	for _, k := range kernels {
		switch has, known := k.Has(e); {
		case has:
			have = append(have, k.Release)
		case known:
			lack = append(lack, k.Release)
		}
	}
	return have, lack
}

// otherKernels are those that are built beside the one that judges.
type otherKernels struct {
	judge   string // path of the one that judges
	once    sync.Once
	kernels []*loader.Kernel
	ids     string // tells sets of kernels apart
}

// list returns them, and what tells them from others that may be built.
func (ks *otherKernels) list() (kernels []*loader.Kernel, ids string) {
	ks.once.Do(func() {
		images, _ := kernel.List()
		for _, img := range images {
			if img.Path != ks.judge {
				ks.kernels = append(ks.kernels, &loader.Kernel{Path: img.Path, Release: img.Release})
				ks.ids += imageID(img) + "\n"
			}
		}
		ks.ids = hexSum([]byte(ks.ids))
	})
	return ks.kernels, ks.ids
}
