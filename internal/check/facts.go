package check

import (
	"context"

	"github.com/bpfdiag/bpfdiag/internal/debuginfo"
	"github.com/bpfdiag/bpfdiag/internal/facts"
	"github.com/bpfdiag/bpfdiag/internal/object"
	"github.com/bpfdiag/bpfdiag/umlinux/loader"
	"github.com/bpfdiag/bpfdiag/verifierlog"
)

// Facts has the programs of an object that sel chooses (nil chooses all) verified one after
// the other, each with the log of all paths, and hands what the verifier knows of each to
// each. err says why the verifier was not asked; the program is nil then. The
// error of Facts is what ended the run: the context's, a guest's that cannot be
// booted, or each's.
func (ck *Checker) Facts(ctx context.Context, m loader.Machine, obj *object.Object, sel func(program string) bool, each func(program string, p *facts.Program, err error) error) error {
	return ck.Logs(ctx, m, obj, sel, func(c facts.Case, log string, err error) error {
		if err != nil {
			return each(c.Name, nil, err)
		}
		p, err := facts.Read(ctx, log, c)
		if err != nil {
			return err
		}
		return each(c.Name, p, nil)
	})
}

// Logs hands the logs of all paths of an object's programs to each, as Facts does what they
// say. A log is not kept.
func (ck *Checker) Logs(ctx context.Context, m loader.Machine, obj *object.Object, sel func(program string) bool, each func(c facts.Case, log string, err error) error) error {
	info := debuginfo.New(obj)
	for _, fn := range obj.Programs() {
		if sel != nil && !sel(fn.Name) {
			continue
		}
		// One at a time: a log of all paths may have 64 MB.
		opts := loader.Options{Timeout: ck.Options.Timeout, Flags: ck.Options.Flags, LogLevel: 2, WholeLogs: true,
			Select: func(program string) bool { return program == fn.Name }}
		var stop error
		err := loader.Check(ctx, m, ck.kernel, obj, opts, func(r loader.Result) {
			if stop != nil {
				return
			}
			sum := verifierlog.Summarize(r.Log)
			stop = each(facts.Case{
				Name: r.Name, Accepted: r.Errno == 0, Cut: cut(&r), Object: obj, Locate: r.Layout().Find, Info: info,
			}, r.Log, failure(&r, &sum))
		})
		if err == nil {
			err = stop
		}
		if err != nil {
			return err
		}
	}
	return nil
}
