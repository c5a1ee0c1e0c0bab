package fix

import (
	"context"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/check"
	"github.com/bpfdiag/bpfdiag/internal/object"
	"github.com/bpfdiag/bpfdiag/umlinux/loader"
)

// InPool verifies in a pool's guests, with options (its checker's, mostly) but those that
// print or write something. Roots are further folders that sources are looked for in.
func InPool(p *check.Pool, options check.Options, roots ...string) Verify {
	options.Explain, options.Brief, options.Work = true, false, false
	options.LogLevel, options.KeepLogs, options.SaveLogs = 0, false, ""
	return func(ctx context.Context, o *object.Object, texts map[string]string) (out diag.Object, err error) {
		ck := p.Checker().With(options, diag.NewSources(roots...).Overlay(texts))
		err = p.Do(ctx, func(m loader.Machine) (err error) {
			out, err = ck.Parsed(ctx, m, o)
			return err
		})
		return out, err
	}
}
