package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"sync/atomic"
	"time"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/check"
)

// openChecker is the checker that flags ask for. It warns of a kernel that
// would be built differently today. Whoever has checked calls leaveServer.
func openChecker(f checkFlags, s *diag.Sources, errOut io.Writer) (*check.Checker, error) {
	ck, err := check.New(f.kernel, f.options(), s)
	if err != nil {
		return nil, err
	}
	ck.Cache = resultCache(f.noCache)
	if ck.Remote, err = theServer(); err != nil {
		return nil, err
	}
	if ck.Image.Stale && !f.quiet {
		fmt.Fprintf(errOut, "bpfdiag: kernel %s: %s\n", ck.Image.Name, ck.Image.StaleReason)
	}
	return ck, nil
}

// options are what the flags ask for.
func (f *checkFlags) options() check.Options {
	o := check.Options{
		JIT: f.jit, Memory: f.memory, Timeout: f.timeout, Jobs: f.jobs,
		LogLevel: f.logLevel, KeepLogs: f.raw, SaveLogs: f.saveLogs,
		Explain: !f.raw || f.format != "text",
	}
	if len(f.programs) > 0 {
		o.Select, o.Selected = func(_, program string) bool { return f.selects(program) }, fmt.Sprintf("%q", f.programs)
	}
	return o
}

// resultCache is where results are kept for the next run; nil if that is not wanted.
func resultCache(none bool) *check.Cache {
	if none || os.Getenv("BPFDIAG_NO_CACHE") != "" {
		return nil
	}
	return check.OpenCache(version)
}

// checkAll checks objects, has the edits of their helps tried, hands them to out in
// their order, and shows how far it is unless quiet.
func checkAll(ctx context.Context, ck *check.Checker, c *compiled, e *edits, quiet bool, out reporter) (diag.Counts, error) {
	doc := diag.Document{Schema: diag.Schema, Tool: tool(), Kernel: ck.Kernel()}
	each := func(o diag.Object) error {
		doc.Objects = append(doc.Objects, o)
		return out.object(o)
	}
	for _, o := range c.failed {
		if err := each(o); err != nil {
			return diag.Counts{}, err
		}
	}
	s := shownRun{what: "verifying", quiet: quiet, before: func(o *diag.Object) error { return e.of(ctx, c, nil, o) }}
	if e != nil {
		s.more = func() string {
			if n := e.tried.Load(); n > 0 {
				return fmt.Sprintf(", %s with edits", plural(int(n), "attempt"))
			}
			return ""
		}
	}
	if err := s.run(ctx, ck, c.paths, each); err != nil {
		return diag.Counts{}, err
	}
	return doc.Count(), out.end(doc)
}

// shownRun is a check of objects that shows how far it is.
type shownRun struct {
	what   string                   // is going on
	quiet  bool                     // shows nothing
	before func(*diag.Object) error // is done with an object before it is handed on; nil for nothing
	more   func() string            // is said beside; nil for nothing
}

// run checks objects and hands them to each in their order.
func (s shownRun) run(ctx context.Context, ck *check.Checker, paths []string, each func(diag.Object) error) error {
	line := newProgressLine(os.Stderr)
	if s.quiet {
		line = newProgressLine(io.Discard)
	}
	var done atomic.Int64
	stop := showProgress(line, func(seconds int) string {
		more := ""
		if s.more != nil {
			more = s.more()
		}
		return fmt.Sprintf("%s: %d of %s%s, %d s", s.what, done.Load(), plural(len(paths), "object"), more, seconds)
	})
	defer stop()
	return ck.Run(ctx, paths, func(o diag.Object) error {
		if s.before != nil {
			if err := s.before(&o); err != nil {
				return err
			}
		}
		done.Add(1)
		line.Clear()
		return each(o)
	})
}

// tool names this program in documents.
func tool() diag.Tool { return diag.Tool{Name: "bpfdiag", Version: version} }

// showProgress shows every second how far something is, until stop is called.
func showProgress(line *progressLine, text func(seconds int) string) (stop func()) {
	end := everySecond(func(seconds int) { line.Update(text(seconds)) })
	return func() { end(); line.Clear() }
}

// everySecond tells f how many seconds have passed, each second until stop is called.
func everySecond(f func(seconds int)) (stop func()) {
	started, done, ended := time.Now(), make(chan bool), make(chan bool)
	go func() {
		defer close(ended)
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-tick.C:
				f(int(time.Since(started).Seconds()))
			}
		}
	}()
	return func() { close(done); <-ended }
}
