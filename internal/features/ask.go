package features

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/bpfdiag/bpfdiag/internal/object"
	"github.com/bpfdiag/bpfdiag/umlinux"
	"github.com/bpfdiag/bpfdiag/umlinux/loader"
	"github.com/bpfdiag/bpfdiag/verifierlog"
)

// Question says what a kernel is asked.
type Question struct {
	Sections []string // of programs, as Sections lists them
	// Names are the functions and maps that programs are asked about; All means all.
	Names   []string
	All     bool
	Context bool
	Limits  bool
}

func (q *Question) asks(name string) bool { return q.All || slices.Contains(q.Names, name) }

// perCall bounds one answer. The longest is about the verifier's own limit, and a
// machine may have other things to do.
const perCall = 5 * time.Minute

// Ask asks a kernel. The answer is certain if no guest died of a question. An
// error says that it could not be asked: the context's, a guest's that cannot be
// booted, or that the kernel's types cannot be read.
func Ask(ctx context.Context, m loader.Machine, k *loader.Kernel, q Question) (out *Kernel, certain bool, err error) {
	a := &asker{ctx: ctx, machine: m, kernel: k, question: q, out: &Kernel{Release: k.Release}}
	for _, step := range []func() error{a.programs, a.functions, a.maps, a.limits} {
		if err := step(); err != nil {
			return nil, false, err
		}
		if err := a.run(); err != nil {
			return nil, false, err
		}
	}
	if err := a.licences(); err != nil {
		return nil, false, err
	}
	err = a.run()
	return a.out, !a.died, err
}

// asker collects calls and what becomes of their answers.
type asker struct {
	ctx      context.Context
	machine  loader.Machine
	kernel   *loader.Kernel
	question Question
	out      *Kernel

	hooks []loader.Hook  // of out.Programs
	setup []umlinux.Call // made again in each guest: maps that calls refer to
	calls []umlinux.Call
	then  []func(answer)
	died  bool // a guest did
}

// answer is what a kernel said.
type answer struct {
	errno   bool
	message string // the verifier's complaint, empty if there is none
	log     string
	dead    error // the guest died of the question
}

// ask puts a call into the batch.
func (a *asker) ask(c umlinux.Call, then func(answer)) {
	a.calls, a.then = append(a.calls, c), append(a.then, then)
}

// run makes the calls of the batch. A guest that dies costs one answer.
func (a *asker) run() error {
	for len(a.calls) > 0 {
		replies, err := a.machine.Do(a.ctx, append(a.setup[:len(a.setup):len(a.setup)], a.calls...), perCall)
		n := len(a.setup)
		for i := n; i < len(replies); i++ {
			a.then[i-n](answerOf(&replies[i]))
		}
		var dead *umlinux.DeadError
		switch done := len(replies) - n; {
		case err == nil:
			a.calls, a.then = nil, nil
		case !errors.As(err, &dead) || done < 0:
			return err
		case done < len(a.calls):
			a.died = true
			a.then[done](answer{errno: true, dead: dead})
			a.calls, a.then = a.calls[done+1:], a.then[done+1:]
		}
	}
	return nil
}

func answerOf(r *umlinux.Reply) answer {
	an := answer{errno: r.Errno != 0, log: string(r.Log)}
	if an.errno && len(r.Log) > 0 {
		an.message = verifierlog.Summarize(an.log).Message
	}
	return an
}

// refused ends programs that ask about what is in front of it: it reads a
// register that has no value. A program that is accepted costs more, and the
// kernel ties some maps to the type of the first one that uses them.
var refused = object.Insn{Code: 0xbf, Regs: 0x90} // r0 = r9

// passed says that the verifier came as far as refused.
func (an *answer) passed() bool { return strings.HasPrefix(an.message, "R9 !read_ok") }
