package live

import (
	"context"
	"errors"
	"sync"

	"github.com/bpfdiag/bpfdiag/internal/check"
	"github.com/bpfdiag/bpfdiag/umlinux/loader"
)

// guests are those of one kernel.
type guests struct {
	*check.Pool
	mu      sync.Mutex
	warming chan struct{} // closed when what warm has begun is done; nil before
}

// warm has a guest up, and all read that the first verification would wait for.
func (g *guests) warm(ctx context.Context) error {
	g.mu.Lock()
	if g.warming != nil {
		select {
		case <-g.warming:
		default: // it is being done
			g.mu.Unlock()
			return g.wait(ctx)
		}
	}
	done := make(chan struct{})
	g.warming = done
	g.mu.Unlock()
	defer close(done)
	read := make(chan error, 1)
	go func() { read <- g.Checker().Prepare() }()
	return errors.Join(g.Warm(ctx), <-read)
}

// wait waits for what warm has begun.
func (g *guests) wait(ctx context.Context) error {
	g.mu.Lock()
	warming := g.warming
	g.mu.Unlock()
	if warming == nil {
		return nil
	}
	select {
	case <-warming:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Do is the pool's, but a guest that is being booted is waited for: another one would be
// ready later.
func (g *guests) Do(ctx context.Context, f func(loader.Machine) error) error {
	if err := g.wait(ctx); err != nil {
		return err
	}
	return g.Pool.Do(ctx, f)
}
