package loader

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"syscall"
	"time"

	"github.com/bpfdiag/bpfdiag/internal/loaderror"
	"github.com/bpfdiag/bpfdiag/internal/object"
	"github.com/bpfdiag/bpfdiag/umlinux"
)

// Machine makes calls in a guest. After an error that is a *umlinux.DeadError
// the next Do finds a new guest, in which nothing is loaded.
type Machine interface {
	Do(ctx context.Context, calls []umlinux.Call, timeout time.Duration) ([]umlinux.Reply, error)
	// Grow makes the next Do find a new guest with more memory, if it can.
	Grow() bool
}

// Options for loading.
type Options struct {
	// Timeout bounds each call in the guest; 0 means none.
	Timeout time.Duration
	// LogLevel is the verifier's level (1: the last path, 2: all paths) of
	// every program's log; 0 gives the failing path of rejections only.
	LogLevel uint32
	// WholeLogs asks for up to 64 MB of a log in place of 4.
	WholeLogs bool
	// EveryPath gets the log of all paths of each program that came to the
	// verifier, one program after the other, so that memory has to hold one log.
	// cut is how many bytes are missing.
	EveryPath func(name string, log []byte, cut uint64)
	// Path says whether the path of a rejection is wanted, which takes another
	// load; nil means of all.
	Path func(*Result) bool
	// Select says which programs to load; nil means all.
	Select func(name string) bool
	// Flags are added to each program's (BPF_F_TEST_STATE_FREQ and the like).
	Flags uint32
}

// Result is one program's.
type Result struct {
	Name, Section string
	Type          ProgramType
	Attach        AttachType
	HasAttach     bool // the program's type has an attach type
	Member        int  // of the kernel's structure, by its index, that a struct_ops program is for
	Insns         int  // of the program with its subprograms
	// Err says why the kernel was not asked, or could not answer.
	Err error
	// Errno is what BPF_PROG_LOAD failed with, 0 for success. Whether the
	// verifier rejected the program, or the kernel did not get that far, only
	// the log tells.
	Errno  syscall.Errno
	Log    string // the kernel's log, whole or its end
	LogCut uint64 // how many bytes of the log are missing at its start
	EndCut bool   // the log's middle is missing: kernels before 6.4 keep the start
	// PathLost says that the guest died while the log of the failing path was
	// written: another time it may be had.
	PathLost bool
	Notes    []string

	load    *load
	program *program
}

// Object is what the program is of.
func (r *Result) Object() *object.Object { return r.load.obj }

// Layout says which functions the program's instructions belong to; it is
// empty if the program could not be linked.
func (r *Result) Layout() Layout {
	if r.program == nil {
		return nil
	}
	return r.program.placed
}

// load is the state of loading one object.
type load struct {
	ctx        context.Context
	obj        *object.Object
	kernel     *Kernel
	opts       Options
	core       map[*object.Function]relocated
	failedCORE map[place]string // fields and enumerators that the kernel lacks
	externs    map[*object.Extern]resolvedExtern
	kconf      []byte
	maps       []*madeMap
	nextSlot   int32
	btf        []byte
	hasBTF     bool
	btfLog     string
	retried    map[*program]bool // their guest was killed
}

// btfSlot is where the object's BTF is kept; maps follow.
const btfSlot = 0

// Check loads each program of an object alone and reports each in order.
// It returns an error only when ctx ended or no guest could be had.
func Check(ctx context.Context, m Machine, k *Kernel, obj *object.Object, opts Options, report func(Result)) error {
	l := &load{ctx: ctx, obj: obj, kernel: k, opts: opts, nextSlot: btfSlot + 1,
		core: map[*object.Function]relocated{}, failedCORE: map[place]string{}, externs: map[*object.Extern]resolvedExtern{}, retried: map[*program]bool{}}
	if b := obj.KernelBTF(); b != nil {
		l.btf, l.hasBTF = b.Encode(), true
	}
	var results []Result
	var linked []*program
	index := map[*program]int{}
	for _, fn := range obj.Programs() {
		if opts.Select != nil && !opts.Select(fn.Name) {
			continue
		}
		p, err := l.link(fn)
		r := Result{Name: fn.Name, Section: fn.SectionName(), Err: err, load: l, program: p}
		if p != nil {
			p.flags |= opts.Flags
			r.Type, r.Attach, r.HasAttach = p.typ, p.attach, p.hasAtt
			if p.typ == typeStructOps {
				r.Member = int(p.expected)
			}
			if p.guessed != "" {
				r.Notes = append(r.Notes, fmt.Sprintf("verified as a %s program: its section does not say the type, its argument `struct %s *` does", p.typ, p.guessed))
			}
		}
		if err != nil {
			r.Insns = LayoutOf(obj, fn).Len()
		} else {
			r.Insns = len(p.insns)
			index[p] = len(results)
			linked = append(linked, p)
		}
		results = append(results, r)
	}
	if err := l.run(m, linked, func(p *program, f func(*Result)) { f(&results[index[p]]) }); err != nil {
		return err
	}
	for i := range results {
		report(results[i])
	}
	return nil
}

// run loads linked programs. A guest that dies costs the program that it was
// working on, unless somebody has killed it; the rest goes on in the next one.
// What did not fit into a guest's memory is tried again in a larger one.
func (l *load) run(m Machine, programs []*program, set func(*program, func(*Result))) error {
	l.maps = l.mapSpecs(programs)
	for len(programs) > 0 {
		left, err := l.attempt(m, programs, set)
		var dead *umlinux.DeadError
		switch {
		case err == nil:
			programs = left
			continue
		case !errors.As(err, &dead):
			return err
		case len(left) > 0 && dead.Cause == umlinux.OutOfMemory && m.Grow():
			programs = left
		case len(left) > 0 && l.another(left[0], dead):
			programs = left
		case len(left) > 0:
			set(left[0], func(r *Result) { r.Err = guestError(l.kernel.Release, "while it was verified, %w", dead) })
			programs = left[1:]
		}
	}
	return nil
}

// attempt loads programs in one guest and returns those that it did not get
// to, the one that it died of first, or those to be tried again.
func (l *load) attempt(m Machine, programs []*program, set func(*program, func(*Result))) ([]*program, error) {
	var dead *umlinux.DeadError
	// Once may be bad luck (somebody killed the guest); twice it is the maps.
	err := l.prepare(m, programs)
	if errors.As(err, &dead) {
		m.Grow()
		err = l.prepare(m, programs)
	}
	if errors.As(err, &dead) {
		for _, p := range programs {
			set(p, func(r *Result) {
				r.Err = guestError(l.kernel.Release, "while its maps and types were loaded, %w", dead)
			})
		}
		return nil, nil
	}
	if err != nil {
		return programs, err
	}
	done, err := l.loadAll(m, programs, set)
	if err != nil {
		return programs[done:], err
	}
	var again []*program
	for _, p := range programs {
		set(p, func(r *Result) {
			if r.Err == nil && r.Errno == syscall.ENOMEM {
				again = append(again, p)
			}
		})
	}
	if len(again) > 0 && m.Grow() {
		return again, nil
	}
	return nil, nil
}

// guestError says that the guest died on a program.
func guestError(kernel, format string, dead *umlinux.DeadError) error {
	how := string(dead.Cause)
	switch dead.Cause {
	case umlinux.OutOfMemory:
		how = loaderror.OutOfMemory
	case umlinux.Panicked:
		how = loaderror.Panicked
	case umlinux.Hung:
		how = loaderror.Hung
	}
	return &loaderror.Error{Cause: loaderror.Guest, What: how, Kernel: kernel, Err: fmt.Errorf(format, dead)}
}

// loadAll loads programs in one batch, then those that were rejected once more
// for the whole log. It returns how many are finished when the guest dies.
func (l *load) loadAll(m Machine, programs []*program, set func(*program, func(*Result))) (int, error) {
	slots := map[mapKey]int32{}
	failed := map[mapKey]error{}
	for _, mm := range l.maps {
		slots[mm.key] = mm.slot
		if mm.err != nil {
			failed[mm.key] = mm.err
		}
	}
	var calls []umlinux.Call
	var which []int // calls[i] loads programs[which[i]]
	// The first time without a path: writing it costs most of the time, only
	// rejections need it, and a log too large for its buffer would turn success
	// into an error. Level 4 still has the verifier's last words.
next:
	for i, p := range programs {
		for _, r := range p.maps {
			if err := failed[r.key]; err != nil {
				set(p, func(r *Result) { r.Err = err })
				continue next
			}
		}
		btf, extra := l.btfFor(p)
		calls = append(calls, extra...)
		for range extra {
			which = append(which, -1)
		}
		calls = append(calls, progLoad(p, btf, slots, logStats, shortLog))
		which = append(which, i)
	}
	replies, err := m.Do(l.ctx, calls, l.opts.Timeout)
	for i, r := range replies {
		if which[i] >= 0 {
			p := programs[which[i]]
			set(p, func(res *Result) {
				res.setLog(r, shortLog)
				res.Errno = r.Errno
			})
		}
	}
	if err != nil {
		if len(replies) == len(calls) {
			return len(programs), err
		}
		// An extra call belongs to the program after it.
		n := len(replies)
		for which[n] < 0 {
			n++
		}
		return which[n], err
	}
	if err := l.reload(m, programs, slots, set); err != nil || l.opts.EveryPath == nil {
		return len(programs), err
	}
	return len(programs), l.everyPath(m, programs, slots, set)
}

// btfFor returns the slot of the BTF that a program is loaded with, and the
// call that makes it if the program needs its own.
func (l *load) btfFor(p *program) (int32, []umlinux.Call) {
	switch {
	case !l.hasBTF:
		return umlinux.NoSlot, nil
	case p.ownBTF == nil:
		return btfSlot, nil
	}
	return l.nextSlot, []umlinux.Call{btfLoad(p.ownBTF.Encode(), l.nextSlot, 0)}
}

// setLog keeps a log that was written to a buffer of size bytes. A log that
// went through a larger buffer may still be shorter than its true size: at
// level 1 the kernel takes back what it wrote of a path that is fine.
func (r *Result) setLog(reply umlinux.Reply, size uint32) {
	last := r.Log
	r.Log = strings.ToValidUTF8(string(reply.Log), "\uFFFD")
	r.LogCut = 0
	if n := logTrueSize(reply); n > size {
		r.LogCut = uint64(n - size)
	} else if reply.Errno == syscall.ENOSPC && len(reply.Log) > int(size)*9/10 {
		// Kernels before 6.4 keep the start; the last words are in the log
		// of the first load.
		r.EndCut = true
		r.Log = r.Log[:strings.LastIndexByte(r.Log, '\n')+1] + last
	}
}
