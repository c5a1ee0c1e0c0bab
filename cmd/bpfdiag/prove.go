package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/check"
	"github.com/bpfdiag/bpfdiag/internal/compile"
	"github.com/bpfdiag/bpfdiag/internal/fix"
	"github.com/bpfdiag/bpfdiag/internal/object"
)

// The values of --prove.
const (
	proveAuto = "auto" // where it is known how an object was compiled, and not for long
	proveOn   = "on"   // also where it may have been compiled as usual; however long it takes
	proveOff  = "off"
)

// How long edits are tried by proveAuto.
const (
	proveObject = 10 * time.Second // of one object
	proveAll    = time.Minute      // of all
)

const proveUsage = "try the edits of helps before they are shown: auto (where the compile command is known, for some seconds), on or off"

// errProveTime ends the trials of proveAuto.
var errProveTime = errors.New("the time for trying edits is up")

// edits tries the edits of helps before they are printed. It is used by one
// goroutine.
type edits struct {
	mode   string
	pool   *check.Pool
	own    bool // the pool is
	verify fix.Verify
	until  time.Time    // what proveAuto has for all; zero until it begins
	tried  atomic.Int64 // objects that were made with edits, or to try them
	say    io.Writer    // why nothing could be tried, where that was asked for
}

// newEdits returns nil where nothing is to be tried. The caller closes it.
func newEdits(ctx context.Context, mode string, ck *check.Checker, roots []string, say io.Writer) *edits {
	if mode == proveOff {
		return nil
	}
	e := editsIn(check.NewPool(ctx, ck), ck, mode, roots, say)
	e.own = true
	return e
}

// editsIn tries edits in the guests of a pool, with a checker's options.
func editsIn(pool *check.Pool, ck *check.Checker, mode string, roots []string, say io.Writer) *edits {
	e := &edits{mode: mode, pool: pool, say: say}
	verify := fix.InPool(pool, ck.Options, roots...)
	e.verify = func(ctx context.Context, o *object.Object, texts map[string]string) (diag.Object, error) {
		e.tried.Add(1)
		return verify(ctx, o, texts)
	}
	return e
}

// Close ends the guests. It may be called on nil.
func (e *edits) Close() {
	if e != nil && e.own {
		e.pool.Close()
	}
}

// of tries the edits for an object of those to be checked, which may be compiled with
// texts in place of some files. An object that was made of a source has its name then.
func (e *edits) of(ctx context.Context, c *compiled, texts map[string]string, o *diag.Object) error {
	m, ok := c.made[o.Path]
	if !ok {
		return e.found(ctx, &c.finder, c.commandLine, o)
	}
	err := e.built(ctx, m.command, texts, o)
	o.Path = m.source
	return err
}

// built tries the edits for an object that a command has just made, with texts in
// place of some files.
func (e *edits) built(ctx context.Context, c compile.Command, texts map[string]string, o *diag.Object) error {
	if e == nil {
		return nil
	}
	return e.try(ctx, c.Source, o, func(ctx context.Context) error {
		obj, err := object.Open(o.Path)
		if err != nil {
			return err
		}
		obj.SetText(texts)
		return fix.ProveBuilt(ctx, e.verify, c, texts, obj, o)
	})
}

// found tries them for an object whose command has to be found, or is given.
func (e *edits) found(ctx context.Context, f *compile.Finder, commandLine string, o *diag.Object) error {
	if e == nil {
		return nil
	}
	return e.try(ctx, o.Path, o, func(ctx context.Context) error {
		return fix.ProveObject(ctx, e.verify, f, commandLine, e.mode == proveOn, o)
	})
}

// try runs a trial. That one cannot be made is no error: the helps are printed as
// they are.
func (e *edits) try(ctx context.Context, name string, o *diag.Object, trial func(context.Context) error) error {
	if !rejected(o) {
		return nil
	}
	within := ctx
	if e.mode == proveAuto {
		now := time.Now()
		if e.until.IsZero() {
			e.until = now.Add(proveAll)
		}
		end := now.Add(proveObject)
		if end.After(e.until) {
			end = e.until
		}
		var cancel context.CancelFunc
		within, cancel = context.WithDeadlineCause(ctx, end, errProveTime)
		defer cancel()
	}
	err := trial(within)
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil && e.mode == proveOn:
		fmt.Fprintf(e.say, "bpfdiag: %s: not all edits were tried: %v\n", short(name), err)
	}
	return nil
}

func rejected(o *diag.Object) bool {
	for _, p := range o.Programs {
		if p.Verdict != diag.Accepted && len(p.Diagnostics) > 0 {
			return true
		}
	}
	return false
}
