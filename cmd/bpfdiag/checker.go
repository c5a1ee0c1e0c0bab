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
// would be built differently today.
func openChecker(f checkFlags, s *diag.Sources, errOut io.Writer) (*check.Checker, error) {
	o := check.Options{
		JIT: f.jit, Memory: f.memory, Timeout: f.timeout, Jobs: f.jobs,
		LogLevel: f.logLevel, KeepLogs: f.raw, SaveLogs: f.saveLogs,
		Explain: !f.raw || f.format != "text",
	}
	if len(f.programs) > 0 {
		o.Select, o.Selected = func(_, program string) bool { return f.selects(program) }, fmt.Sprintf("%q", f.programs)
	}
	ck, err := check.New(f.kernel, o, s)
	if err != nil {
		return nil, err
	}
	ck.Cache = resultCache(f.noCache)
	if ck.Image.Stale && !f.quiet {
		fmt.Fprintf(errOut, "bpfdiag: kernel %s: %s\n", ck.Image.Name, ck.Image.StaleReason)
	}
	return ck, nil
}

// resultCache is where results are kept for the next run; nil if that is not wanted.
func resultCache(none bool) *check.Cache {
	if none || os.Getenv("BPFDIAG_NO_CACHE") != "" {
		return nil
	}
	return check.OpenCache(version)
}

// checkAll checks objects, hands them to out in their order, and shows how
// far it is unless quiet.
func checkAll(ctx context.Context, ck *check.Checker, c *compiled, quiet bool, out reporter) (diag.Counts, error) {
	doc := diag.Document{Schema: diag.Schema, Tool: tool(), Kernel: ck.Kernel()}
	each := func(o diag.Object) error {
		if source, ok := c.sources[o.Path]; ok {
			o.Path = source
		}
		doc.Objects = append(doc.Objects, o)
		return out.object(o)
	}
	for _, o := range c.failed {
		if err := each(o); err != nil {
			return diag.Counts{}, err
		}
	}
	err := runShown(ctx, ck, c.paths, "verifying", quiet, each)
	if err != nil {
		return diag.Counts{}, err
	}
	return doc.Count(), out.end(doc)
}

// runShown checks objects, hands them to each in their order, and shows how far
// it is unless quiet.
func runShown(ctx context.Context, ck *check.Checker, paths []string, what string, quiet bool, each func(diag.Object) error) error {
	line := newProgressLine(os.Stderr)
	if quiet {
		line = newProgressLine(io.Discard)
	}
	var done atomic.Int64
	stop := showProgress(line, func(seconds int) string {
		return fmt.Sprintf("%s: %d of %s, %d s", what, done.Load(), plural(len(paths), "object"), seconds)
	})
	defer stop()
	return ck.Run(ctx, paths, func(o diag.Object) error {
		done.Add(1)
		line.Clear()
		return each(o)
	})
}

// tool names this program in documents.
func tool() diag.Tool { return diag.Tool{Name: "bpfdiag", Version: version} }

// showProgress shows every second how far something is, until stop is called.
func showProgress(line *progressLine, text func(seconds int) string) (stop func()) {
	started, done, ended := time.Now(), make(chan bool), make(chan bool)
	go func() {
		defer close(ended)
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for {
			select {
			case <-done:
				line.Clear()
				return
			case <-tick.C:
				line.Update(text(int(time.Since(started).Seconds())))
			}
		}
	}()
	return func() { close(done); <-ended }
}
