package live

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/check"
	"github.com/bpfdiag/bpfdiag/internal/compile"
	"github.com/bpfdiag/bpfdiag/internal/fix"
	"github.com/bpfdiag/bpfdiag/lsp"
)

// proveTime is how long the edits of one object are tried.
const proveTime = 10 * time.Second

// Prove tries the edits of a verdict's helps, where it is known how the object is compiled.
func (b *Backend) Prove(ctx context.Context, s lsp.Settings, what lsp.Built, v lsp.Verdict) (diag.Object, error) {
	o := what.Of.(*built)
	obj, err := o.parse()
	if err != nil {
		return diag.Object{}, err
	}
	ck, pool, err := b.checker(s, o, v.Asked, check.Options{Explain: true})
	if err != nil {
		return diag.Object{}, err
	}
	// The verdict is shown meanwhile.
	said := v.Object
	said.Programs = slices.Clone(said.Programs)
	for i := range said.Programs {
		said.Programs[i].Diagnostics = slices.Clone(said.Programs[i].Diagnostics)
	}
	var roots []string
	if o.conf != nil {
		roots = o.conf.SourceRoots
	}
	verify := fix.InPool(pool.Pool, ck.Options, roots...)
	within, cancel := context.WithTimeout(ctx, proveTime)
	defer cancel()
	if c, ok := what.Unit.Of.(compile.Command); ok {
		err = fix.ProveBuilt(within, verify, c, o.unsaved, obj, &said)
	} else {
		err = fix.ProveObject(within, verify, &b.finder, "", false, &said)
	}
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		err = nil // what was tried until then is known
	}
	return said, err
}
