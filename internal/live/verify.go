package live

import (
	"context"
	"fmt"
	"time"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/check"
	"github.com/bpfdiag/bpfdiag/internal/debuginfo"
	"github.com/bpfdiag/bpfdiag/internal/object"
	"github.com/bpfdiag/bpfdiag/lsp"
	"github.com/bpfdiag/bpfdiag/umlinux/loader"
)

// Verify has a kernel judge an object.
func (b *Backend) Verify(ctx context.Context, s lsp.Settings, what lsp.Built, kernel string) (lsp.Verdict, error) {
	var v lsp.Verdict
	o := what.Of.(*built)
	obj, err := o.parse()
	if err != nil {
		v.Object = diag.Object{Path: o.path, Error: err.Error()}
		return v, nil
	}
	v.Object, v.Kernel, err = b.run(ctx, s, o, obj, kernel, check.Options{Explain: true})
	v.Programs = declarations(obj)
	return v, err
}

// checker is what verifies an object with a kernel, and the guests to do it in.
func (b *Backend) checker(s lsp.Settings, o *built, kernel string, opts check.Options) (*check.Checker, *guests, error) {
	opts.Timeout = time.Duration(s.Timeout) * time.Second
	opts.JIT, _ = settled(s, o.conf)
	var roots []string
	if o.conf != nil {
		roots = o.conf.SourceRoots
	}
	pool, err := b.pool(kernel, opts.JIT)
	if err != nil {
		return nil, nil, err
	}
	return pool.Checker().With(opts, diag.NewSources(roots...).Overlay(o.texts)), pool, nil
}

// run verifies an object with a kernel.
func (b *Backend) run(ctx context.Context, s lsp.Settings, o *built, obj *object.Object, kernel string, opts check.Options) (diag.Object, diag.Kernel, error) {
	ck, pool, err := b.checker(s, o, kernel, opts)
	if err != nil {
		return diag.Object{}, diag.Kernel{}, err
	}
	var out diag.Object
	err = pool.Do(ctx, func(m loader.Machine) (err error) {
		out, err = ck.Parsed(ctx, m, obj)
		return err
	})
	return out, ck.Kernel(), err
}

// Log is the verifier's whole log of one program, of its path only.
func (b *Backend) Log(ctx context.Context, s lsp.Settings, what lsp.Built, kernel, program string) (string, error) {
	o := what.Of.(*built)
	obj, err := o.parse()
	if err != nil {
		return "", err
	}
	out, _, err := b.run(ctx, s, o, obj, kernel, check.Options{KeepLogs: true, LogLevel: 1,
		Select: func(_, p string) bool { return p == program }})
	if err != nil {
		return "", err
	}
	if len(out.Programs) == 0 {
		return "", fmt.Errorf("%s has no program `%s` any more", o.path, program)
	}
	p := &out.Programs[0]
	if p.Log == "" && p.Error != "" {
		return "", fmt.Errorf("`%s` was not verified: %s", program, p.Error)
	}
	return p.Log, nil
}

// declarations are where the programs' functions are in the source.
func declarations(obj *object.Object) map[string]lsp.Declaration {
	info := debuginfo.New(obj)
	all := map[string]lsp.Declaration{}
	for _, fn := range obj.Programs() {
		if file, line, ok := info.Declaration(fn); ok {
			all[fn.Name] = lsp.Declaration{File: file, Line: line}
		}
	}
	return all
}
