package features

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/bpfdiag/bpfdiag/internal/lazyregexp"
	"github.com/bpfdiag/bpfdiag/internal/object"
	"github.com/bpfdiag/bpfdiag/umlinux/loader"
)

// programs finds what the sections stand for and asks whether the kernel takes
// such programs, and what they may return.
func (a *asker) programs() error {
	for _, s := range a.question.Sections {
		h, err := a.kernel.Hook(s)
		same := slices.IndexFunc(a.hooks, func(o loader.Hook) bool { return err == nil && o.Same(h) })
		if same >= 0 && a.out.Programs[same].Error == "" {
			a.out.Programs[same].Sections = append(a.out.Programs[same].Sections, s)
			continue
		}
		p := Program{Sections: []string{s}, Type: h.Type.String(), Sleepable: h.Sleepable}
		if h.HasAttach {
			p.Attach = h.Attach.String()
		}
		if err != nil {
			p.Type, _ = loader.TypeOf(s)
			p.Error = err.Error()
		}
		a.out.Programs, a.hooks = append(a.out.Programs, p), append(a.hooks, h)
	}
	for i := range a.out.Programs {
		if a.out.Programs[i].Error == "" {
			a.start(i)
		}
	}
	return nil
}

// start asks whether the kernel takes a program that returns any number.
func (a *asker) start(i int) {
	random := object.Insn{Code: object.CodeCall, Imm: 7} // bpf_get_prandom_u32
	p := loader.Probe{Hook: a.hooks[i], License: "GPL", Insns: []object.Insn{random, {Code: exit}}}
	out := &a.out.Programs[i]
	a.ask(p.Call(), func(an answer) {
		switch {
		case an.dead != nil:
			out.Error = an.dead.Error()
		case an.errno && an.message == "":
			out.Error = fmt.Sprintf("Linux %s takes no such program", a.kernel.Release)
		case an.errno && !strings.HasPrefix(an.message, "At program exit"):
			out.Error, _, _ = strings.Cut(an.message, "\n")
		default:
			out.Returns = returns(an.message)
		}
	})
	if a.question.Context {
		a.context(i)
	}
}

// Forms of the complaint about a result out of range: today's, and that of
// kernels before 6.8, which is a value and a mask of the bits that may vary.
var (
	interval = lazyregexp.New(`should have been in \[(-?\d+), (-?\d+)\]`)
	masked   = lazyregexp.New(`should have been in \((0x[0-9a-f]+); (0x[0-9a-f]+)\)`)
)

// returns is the range that a complaint about any result names, "" if it is none.
func returns(message string) string {
	var from, to int64
	if m := interval.FindStringSubmatch(message); m != nil {
		from, _ = strconv.ParseInt(m[1], 10, 64)
		to, _ = strconv.ParseInt(m[2], 10, 64)
	} else if m := masked.FindStringSubmatch(message); m != nil {
		from, _ = strconv.ParseInt(m[1], 0, 64)
		to, _ = strconv.ParseInt(m[2], 0, 64)
		to |= from
	} else {
		return ""
	}
	if from == to {
		return strconv.FormatInt(from, 10)
	}
	return fmt.Sprintf("%d..%d", from, to)
}
