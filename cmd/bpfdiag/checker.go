package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/object"
	"github.com/bpfdiag/bpfdiag/rules"
	"github.com/bpfdiag/bpfdiag/umlinux"
	"github.com/bpfdiag/bpfdiag/umlinux/kernel"
	"github.com/bpfdiag/bpfdiag/umlinux/loader"
	"github.com/bpfdiag/bpfdiag/verifierlog"
)

// checker verifies objects in guests that work side by side.
type checker struct {
	flags  checkFlags
	image  kernel.Image
	kernel *loader.Kernel
	config umlinux.Config

	// What only `stat` asks for: something to do to an object before it is
	// loaded, other programs, flags of BPF_PROG_LOAD.
	prepare   func(*object.Object) error
	selects   func(path, program string) bool
	loadFlags uint32

	sources *diag.Sources

	others  sync.Once
	kernels []*loader.Kernel // the other kernels that are built

	progress *progressLine
	done     atomic.Int64 // objects
}

func newChecker(f checkFlags, img kernel.Image) (*checker, error) {
	config, err := guestConfig(img)
	if err != nil {
		return nil, err
	}
	config.Memory, config.JIT = f.memory, f.jit
	return &checker{
		flags: f, image: img, config: config,
		selects: func(_, program string) bool { return f.selects(program) },
		kernel:  &loader.Kernel{Path: img.Path, Release: img.Release},
		sources: diag.NewSources(f.roots...),
	}, nil
}

// run checks all objects and hands them to out in the order of paths.
func (ck *checker) run(ctx context.Context, paths []string, out reporter) (diag.Counts, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	ck.progress = newProgressLine(os.Stderr)
	if ck.flags.quiet {
		ck.progress = newProgressLine(io.Discard)
	}
	results := make([]chan diag.Object, len(paths))
	for i := range results {
		results[i] = make(chan diag.Object, 1)
	}
	next := make(chan int)
	var wg sync.WaitGroup
	wg.Go(func() { ck.showProgress(ctx, len(paths)) })
	for range min(ck.flags.jobs, len(paths)) {
		wg.Go(func() {
			m := &umlinux.Machine{Config: ck.config}
			defer m.Close()
			for i := range next {
				o, err := ck.object(ctx, m, paths[i])
				if err != nil {
					cancel(err)
					return
				}
				results[i] <- o
			}
		})
	}
	go func() {
		defer close(next)
		for i := range paths {
			select {
			case next <- i:
			case <-ctx.Done():
				return
			}
		}
	}()
	doc := diag.Document{
		Schema: diag.Schema,
		Tool:   diag.Tool{Name: "bpfdiag", Version: version},
		Kernel: ck.kernelName(),
	}
	var err error
	for i := range results {
		select {
		case o := <-results[i]:
			ck.done.Add(1)
			doc.Objects = append(doc.Objects, o)
			ck.progress.Clear()
			err = out.object(o)
		case <-ctx.Done():
			err = context.Cause(ctx)
		}
		if err != nil {
			break
		}
	}
	cancel(err)
	wg.Wait()
	ck.progress.Clear()
	if err != nil {
		return diag.Counts{}, err
	}
	return doc.Count(), out.end(doc)
}

// kernelName names the kernel that judges.
func (ck *checker) kernelName() diag.Kernel {
	return diag.Kernel{Series: ck.image.Series, Release: ck.image.Release, JIT: ck.flags.jit}
}

// showProgress says how far the run is, once it has taken a second.
func (ck *checker) showProgress(ctx context.Context, total int) {
	started := time.Now()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			ck.progress.Update(fmt.Sprintf("verifying: %d of %s, %d s", ck.done.Load(), plural(total, "object"), int(time.Since(started).Seconds())))
		}
	}
}

// object checks one object. What is wrong with it is in the result; an error
// ends the whole run.
func (ck *checker) object(ctx context.Context, m *umlinux.Machine, path string) (diag.Object, error) {
	out := diag.Object{Path: path, Programs: []diag.Program{}}
	obj, err := object.Open(path)
	if err != nil {
		var pe *os.PathError
		if errors.As(err, &pe) {
			err = pe.Err
		}
		out.Error = err.Error()
		return out, nil
	}
	if ck.prepare != nil {
		if err := ck.prepare(obj); err != nil {
			out.Error = err.Error()
			return out, nil
		}
	}
	opts := loader.Options{Timeout: ck.flags.timeout, LogLevel: ck.flags.logLevel, Flags: ck.loadFlags,
		Select:    func(program string) bool { return ck.selects(path, program) },
		WholeLogs: ck.flags.raw || ck.flags.saveLogs != "" || ck.flags.logLevel > 0}
	var saveErr error
	var cache rules.Cache
	err = loader.Check(ctx, m, ck.kernel, obj, opts, func(r loader.Result) {
		if ck.flags.saveLogs != "" && saveErr == nil {
			saveErr = saveLog(ck.flags.saveLogs, path, r)
		}
		out.Programs = append(out.Programs, ck.program(&r, &cache))
	})
	if err == nil {
		err = saveErr
	}
	finish(&out, ck.sources, filepath.Dir(path))
	return out, err
}

// program turns a loader's result into the document's form, and judges: the
// verifier rejected what it complains about, and nothing else.
func (ck *checker) program(r *loader.Result, cache *rules.Cache) diag.Program {
	p := diag.Program{Name: r.Name, Section: r.Section, Type: r.Type.String(), Notes: r.Notes}
	if r.HasAttach {
		p.AttachType = r.Attach.String()
	}
	if ck.flags.raw {
		p.Log = r.Log
	}
	sum := verifierlog.Summarize(r.Log)
	if p.Stats = stats(&sum, len(r.Log)+int(r.LogCut)); p.Stats != nil {
		p.Stats.ProgSize = r.Insns
		// Durations aside, output is a function of input, and the log's length
		// depends on how many digits the duration has.
		p.Stats.LogBytes -= len(strconv.Itoa(p.Stats.DurationUS))
	}
	c := ck.rulesCase(r, &p, &sum, cache)
	switch err := failure(r, &sum); {
	case err != nil:
		p.Verdict, p.Error = diag.Error, err.Error()
		p.Diagnostics = []diag.Diagnostic{ck.diagnoseLoad(c, r, &p, err)}
	case r.Errno == 0:
		p.Verdict = diag.Accepted
	default:
		p.Verdict = diag.Rejected
		if !ck.flags.logsOnly() {
			p.Diagnostics = []diag.Diagnostic{rules.Diagnose(c)}
		}
	}
	return p
}

// rulesCase is what rules have to know of a program.
func (ck *checker) rulesCase(r *loader.Result, p *diag.Program, sum *verifierlog.Summary, cache *rules.Cache) rules.Case {
	c := rules.Case{
		Program: rules.Program{Name: p.Name, Section: p.Section, Type: p.Type, Attach: p.AttachType},
		Kernel:  ck.kernel.Release, Log: r.Log, Object: r.Object(), Locate: r.Layout().Find, Summary: sum,
		Sources: ck.sources, Dirs: []string{filepath.Dir(r.Object().Path)}, Cache: cache,
	}
	switch {
	case r.LogCut > 0:
		c.Cut = fmt.Sprintf("the log is longer than its buffer: the first %.1f MB are left out", float64(max(r.LogCut, 1e5))/1e6)
	case r.EndCut:
		c.Cut = "the log is longer than its buffer: its middle is left out"
	}
	return c
}

// saveLog writes a program's whole log to DIR/OBJECT/PROGRAM.log.
func saveLog(dir, path string, r loader.Result) error {
	if r.Log == "" {
		return nil
	}
	folder := filepath.Join(dir, filepath.Base(path))
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return fmt.Errorf("save the log of %s: %w", r.Name, err)
	}
	name := strings.Map(func(c rune) rune {
		if c == '/' || c < ' ' {
			return '_'
		}
		return c
	}, r.Name)
	if err := os.WriteFile(filepath.Join(folder, name+".log"), []byte(r.Log), 0o666); err != nil {
		return fmt.Errorf("save the log of %s: %w", r.Name, err)
	}
	return nil
}
