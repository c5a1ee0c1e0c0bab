// Package live verifies what an editor shows: it compiles sources as they are
// typed and has kernels judge them that stay up in between. It is what stands behind
// package lsp.
package live

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/check"
	"github.com/bpfdiag/bpfdiag/internal/compile"
	"github.com/bpfdiag/bpfdiag/internal/config"
	"github.com/bpfdiag/bpfdiag/lsp"
	"github.com/bpfdiag/bpfdiag/umlinux"
	"github.com/bpfdiag/bpfdiag/umlinux/kernel"
)

// Backend is an lsp.Backend.
type Backend struct {
	pages  diag.Pages
	ctx    context.Context // of the guests
	end    context.CancelFunc
	finder compile.Finder

	mu    sync.Mutex
	pools map[poolKey]*guests
}

type poolKey struct{ kernel, jit string }

// New returns a backend; pages are the long forms of codes. Its guests end with
// ctx, or with Close.
func New(ctx context.Context, pages diag.Pages) *Backend {
	b := &Backend{pages: pages, pools: map[poolKey]*guests{}}
	b.ctx, b.end = context.WithCancel(ctx)
	return b
}

// Close ends the guests.
func (b *Backend) Close() {
	b.end()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, p := range b.pools {
		p.Close()
	}
}

// pool returns the guests of a kernel. One that is not there is looked for anew
// each time: it may have been built since.
func (b *Backend) pool(name, jit string) (*guests, error) {
	if name == "" {
		name = kernel.Default
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	key := poolKey{name, jit}
	if p := b.pools[key]; p != nil {
		return p, nil
	}
	ck, err := check.New(name, check.Options{JIT: jit, Explain: true}, nil)
	if err != nil {
		return nil, err
	}
	p := &guests{Pool: check.NewPool(b.ctx, ck)}
	b.pools[key] = p
	return p, nil
}

// Ready boots the kernels that judge units, side by side.
func (b *Backend) Ready(ctx context.Context, s lsp.Settings, units []lsp.Unit) error {
	if s.JIT != "" && !slices.Contains(umlinux.JITs, s.JIT) {
		return fmt.Errorf("the setting bpfdiag.jit is %q; it is one of %s", s.JIT, strings.Join(umlinux.JITs, ", "))
	}
	var keys []poolKey
	for _, u := range units {
		dir := filepath.Dir(u.Object)
		if c, ok := u.Of.(compile.Command); ok {
			dir = filepath.Dir(c.Output)
		}
		conf, err := config.Find(dir)
		if err != nil {
			return err
		}
		jit, kernels := settled(s, conf)
		for _, k := range kernels {
			if key := (poolKey{k, jit}); !slices.Contains(keys, key) {
				keys = append(keys, key)
			}
		}
	}
	errs := make([]error, len(keys))
	var all sync.WaitGroup
	for i, k := range keys {
		all.Go(func() {
			p, err := b.pool(k.kernel, k.jit)
			if err == nil {
				err = p.warm(ctx)
			}
			errs[i] = err
		})
	}
	all.Wait()
	return errors.Join(errs...)
}

// settled is the architecture and the kernels that settings choose, or else a
// project's configuration.
func settled(s lsp.Settings, conf *config.Config) (jit string, kernels []string) {
	jit, kernels = s.JIT, s.Kernels
	if conf != nil && jit == "" {
		jit = conf.JIT
	}
	if conf != nil && len(kernels) == 0 {
		kernels = conf.Kernels
	}
	if len(kernels) == 0 {
		kernels = []string{""}
	}
	return jit, kernels
}

// Units are the commands that compile a source to eBPF.
func (b *Backend) Units(_ context.Context, _ lsp.Settings, path, _ string) ([]lsp.Unit, error) {
	commands, err := b.finder.Commands(path)
	if err != nil {
		return nil, err
	}
	var all []lsp.Unit
	for _, c := range commands {
		all = append(all, lsp.Unit{Name: c.Output, Source: c.Source, Of: c})
	}
	return all, nil
}

// Objects are those that a folder's .bpfdiag.toml names.
func (b *Backend) Objects(_ context.Context, _ lsp.Settings, folder string) ([]lsp.Unit, error) {
	conf, err := config.Find(folder)
	if err != nil || conf == nil {
		return nil, err
	}
	var all []lsp.Unit
	for _, pattern := range conf.Objects {
		found, err := filepath.Glob(pattern)
		if err != nil {
			return nil, fmt.Errorf("%s: objects: %q: %w", conf.Path, pattern, err)
		}
		for _, path := range found {
			all = append(all, lsp.Unit{Name: path, Object: path})
		}
	}
	return all, nil
}

// Page is the long form of a code.
func (b *Backend) Page(code string) (diag.Page, bool) { return b.pages(code) }
