// Package check verifies objects: it has the loader put their programs before a
// kernel's verifier, and rules explain what was rejected. Every front end
// (the command line, the editor, the build) calls it and prints what it returns.
package check

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/object"
	"github.com/bpfdiag/bpfdiag/rules"
	"github.com/bpfdiag/bpfdiag/umlinux"
	"github.com/bpfdiag/bpfdiag/umlinux/kernel"
	"github.com/bpfdiag/bpfdiag/umlinux/loader"
	"github.com/cilium/ebpf/btf"
)

// Options say what is verified, and what is to be known of it.
type Options struct {
	JIT     string        // one of umlinux.JITs; empty is x86-64
	Memory  int           // of one guest in MiB; 0 lets it grow
	Timeout time.Duration // for one program; 0 for no limit
	Jobs    int           // guests at work side by side; 0 means one for each processor

	// Select chooses programs, by their name and their object's; nil chooses all.
	// Selected says in words which: results are kept for others that say the same.
	Select   func(path, program string) bool `json:"-"`
	Selected string
	// Prepare changes an object before it is loaded; nil does not. Its error is
	// the object's. Prepared says what it does, as Selected.
	Prepare  func(*object.Object) error `json:"-"`
	Prepared string
	// Flags are those of BPF_PROG_LOAD.
	Flags uint32

	LogLevel uint32 // log of every program: 1 its path, 2 all paths; 0 only a rejection's path
	KeepLogs bool   // diag.Program has its log, whole
	SaveLogs string // folder that every log is written to; empty for none
	Explain  bool   // rejections have diagnostics
	Brief    bool   // diagnostics need no more than their codes, which often saves a load for the path
	Work     bool   // programs have diag.Program.Work, which takes another load of each
}

// Checker verifies objects with one kernel. It may be used by several
// goroutines, each with its own machine.
type Checker struct {
	Options Options
	Image   kernel.Image
	Sources *diag.Sources
	Cache   *Cache // nil for none
	Remote  Remote // nil for none

	kernel   *loader.Kernel
	kernelID string // tells kernels apart; "" for one that is not known well enough
	init     string
	others   *otherKernels // nil if they are of no interest
	asked    *bool         // is set when the others are; nil if nobody wants to know
}

// New returns a checker with a kernel by its name, as --kernel has it.
func New(name string, o Options, s *diag.Sources) (*Checker, error) {
	if err := umlinux.Supported(); err != nil {
		return nil, err
	}
	img, err := kernel.Find(name)
	if err != nil {
		return nil, err
	}
	init, err := kernel.GuestInit()
	if err != nil {
		return nil, err
	}
	return newWith(img, init, o, s), nil
}

func newWith(img kernel.Image, init string, o Options, s *diag.Sources) *Checker {
	ck := For(&loader.Kernel{Path: img.Path, Release: img.Release}, o, s)
	ck.Image, ck.init, ck.others = img, init, &otherKernels{judge: img.Path}
	if id := imageID(img); id != "" {
		ck.kernelID = id + " " + init
	}
	return ck
}

// For returns a checker for machines of the caller's, which knows of no other
// kernel than k.
func For(k *loader.Kernel, o Options, s *diag.Sources) *Checker {
	return &Checker{Options: o, Sources: s, kernel: k}
}

// With returns a checker with the same kernel, what it has decoded of it
// included, for something else.
func (ck *Checker) With(o Options, s *diag.Sources) *Checker {
	c := *ck
	c.Options, c.Sources = o, s
	return &c
}

// SameKernel says whether a checker was opened with the same kernel, not built again since.
func (ck *Checker) SameKernel(as *Checker) bool { return ck.kernelID == as.kernelID }

// Prepare reads what the first object would wait for: the kernel's types.
func (ck *Checker) Prepare() error { return ck.kernel.Types(func(*btf.Spec) error { return nil }) }

// Machine returns a guest with the checker's kernel, which boots when it is
// first used. The caller closes it.
func (ck *Checker) Machine() *umlinux.Machine {
	return &umlinux.Machine{Config: umlinux.Config{Kernel: ck.Image.Path, Init: ck.init, Memory: ck.Options.Memory, JIT: ck.Options.JIT}}
}

// Kernel names the kernel that judges.
func (ck *Checker) Kernel() diag.Kernel {
	jit := ck.Options.JIT
	if jit == "" {
		jit = umlinux.JITs[0]
	}
	return diag.Kernel{Series: ck.Image.Series, Release: ck.Image.Release, JIT: jit}
}

// Run checks objects side by side and hands them to each in the order of paths.
// Its error is what ended the run: the context's, a guest's that cannot be
// booted, or each's.
func (ck *Checker) Run(ctx context.Context, paths []string, each func(diag.Object) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	jobs := ck.Options.Jobs
	if jobs == 0 {
		jobs = runtime.NumCPU()
	}
	results := make([]chan diag.Object, len(paths))
	for i := range results {
		results[i] = make(chan diag.Object, 1)
	}
	next := make(chan int)
	var wg sync.WaitGroup
	for range min(jobs, len(paths)) {
		wg.Go(func() {
			m := ck.Machine()
			defer m.Close()
			for i := range next {
				o, err := ck.Object(ctx, m, paths[i])
				if err != nil {
					cancel(err)
					return
				}
				results[i] <- o
			}
		})
	}
	wg.Go(func() {
		defer close(next)
		for i := range paths {
			select {
			case next <- i:
			case <-ctx.Done():
				return
			}
		}
	})
	var err error
	for i := range results {
		select {
		case o := <-results[i]:
			results[i] = nil
			err = each(o)
		case <-ctx.Done():
			err = context.Cause(ctx)
		}
		if err != nil {
			break
		}
	}
	cancel(err)
	wg.Wait()
	return err
}

// Object checks one object, has another process check it, or returns what is
// known of it from another time. What is wrong with it is in the result; an error
// ends the whole run.
func (ck *Checker) Object(ctx context.Context, m loader.Machine, path string) (diag.Object, error) {
	bad := func(err error) (diag.Object, error) {
		var pe *os.PathError
		if errors.As(err, &pe) {
			err = pe.Err
		}
		return diag.Object{Path: path, Error: err.Error(), Programs: []diag.Program{}}, nil
	}
	data, err := object.Read(path)
	if err != nil {
		return bad(err)
	}
	name, cached := ck.keys(path, data)
	if cached {
		if o, ok := ck.recall(name, path); ok {
			return o, nil
		}
	}
	if a := ck.ask(ctx, path, data); a != nil {
		if cached {
			ck.Cache.put(name.of(a), a.Entry)
		}
		return a.object, nil
	}
	if cached {
		ck = ck.watching()
	}
	obj, err := object.Parse(path, data)
	if err != nil {
		return bad(err)
	}
	o, err := ck.Parsed(ctx, m, obj)
	if cached && err == nil && o.Error == "" {
		if a, ok := ck.answer(o); ok {
			ck.Cache.put(name.of(a), a.Entry)
		}
	}
	return o, err
}

// watching returns a checker that knows afterwards what a result depends on.
func (ck *Checker) watching() *Checker {
	c := ck.With(ck.Options, ck.Sources.Watch())
	c.asked = new(bool)
	return c
}

// Parsed checks an object that was read.
func (ck *Checker) Parsed(ctx context.Context, m loader.Machine, obj *object.Object) (diag.Object, error) {
	o := &ck.Options
	out := diag.Object{Path: obj.Path, Programs: []diag.Program{}}
	if o.Prepare != nil {
		if err := o.Prepare(obj); err != nil {
			out.Error = err.Error()
			return out, nil
		}
	}
	selects := func(program string) bool {
		ok := o.Select == nil || o.Select(obj.Path, program)
		if !ok {
			out.LeftOut++
		}
		return ok
	}
	opts := loader.Options{Timeout: o.Timeout, LogLevel: o.LogLevel, Flags: o.Flags, Select: selects,
		WholeLogs: o.KeepLogs || o.SaveLogs != "" || o.LogLevel > 0}
	if o.Brief && !o.KeepLogs && o.SaveLogs == "" {
		opts.Path = func(r *loader.Result) bool { return o.Explain && !briefly(r) }
	}
	var saveErr error
	var cache rules.Cache
	profiles := map[string]profile{}
	if o.Work {
		opts.EveryPath = func(program string, log []byte, cut uint64) { profiles[program] = readProfile(log, cut) }
	}
	err := loader.Check(ctx, m, ck.kernel, obj, opts, func(r loader.Result) {
		if o.SaveLogs != "" && saveErr == nil {
			saveErr = saveLog(o.SaveLogs, obj.Path, r)
		}
		out.Programs = append(out.Programs, ck.program(&r, profiles[r.Name], &cache))
	})
	if err == nil {
		err = saveErr
	}
	Finish(&out, ck.Sources, filepath.Dir(obj.Path))
	return out, err
}

// Finish makes an object's diagnostics ready to be printed.
func Finish(o *diag.Object, s *diag.Sources, dirs ...string) {
	s.Locate(o, dirs...)
	diag.MergeCauses(o)
}
