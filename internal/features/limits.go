package features

import (
	"strconv"

	"github.com/bpfdiag/bpfdiag/internal/lazyregexp"
	"github.com/bpfdiag/bpfdiag/internal/object"
	"github.com/bpfdiag/bpfdiag/umlinux/loader"
)

// limits measures what the verifier allows every program. Each limit is found
// by programs that are larger and larger, or is in the complaint about one that
// is much too large.
func (a *asker) limits() error {
	if !a.question.Limits {
		return nil
	}
	h, err := a.kernel.Hook("tc")
	if err != nil {
		return err
	}
	load := func(insns []object.Insn, then func(answer)) {
		p := loader.Probe{Hook: h, License: "GPL", Insns: insns}
		a.ask(p.Call(), then)
	}
	grow := func(name, unit string, from, to, step int, program func(n int) []object.Insn) {
		a.out.Limits = append(a.out.Limits, Limit{Name: name, Unit: unit})
		i, refused := len(a.out.Limits)-1, false
		for n := from; n <= to; n += step {
			load(program(n), func(an answer) {
				refused = refused || an.errno
				if !refused {
					a.out.Limits[i].Value = n
				}
			})
		}
	}
	told := func(name, unit string, complaint *lazyregexp.Regexp, off int, insns []object.Insn) {
		a.out.Limits = append(a.out.Limits, Limit{Name: name, Unit: unit})
		i := len(a.out.Limits) - 1
		load(insns, func(an answer) {
			if m := complaint.FindStringSubmatch(an.message); m != nil {
				n, _ := strconv.Atoi(m[1])
				a.out.Limits[i].Value = n + off
			}
		})
	}
	told("instructions that the verifier walks through", "instructions", tooManyInsns, -1, endlessLoop)
	told("branches that wait to be walked through", "branches", tooManyBranches, -1, branches(9000))
	grow("stack of a function", "bytes", 256, 1024, 8, stackOf)
	grow("functions that call each other in turn, the program included", "functions", 2, 40, 1, callChain)
	return nil
}

var (
	tooManyInsns    = lazyregexp.New(`BPF program is too large. Processed (\d+) insn`)
	tooManyBranches = lazyregexp.New(`The sequence of (\d+) jumps is too complex`)
)

// endlessLoop counts to two thousand million, which no state of an earlier pass covers.
var endlessLoop = []object.Insn{
	{Code: movImm},                         // r0 = 0
	{Code: 0x07, Imm: 1},                   // r0 += 1
	{Code: 0xa5, Off: -2, Imm: 2000000000}, // if r0 < 2000000000 goto -2
	{Code: movImm},
	{Code: exit},
}

// branches is a program of n conditions that can each hold or not.
func branches(n int) []object.Insn {
	insns := []object.Insn{{Code: object.CodeCall, Imm: 7}} // r0 = bpf_get_prandom_u32()
	for i := range n {
		insns = append(insns, object.Insn{Code: 0x15, Imm: int32(1000 + i)}) // if r0 == 1000 + i goto +0
	}
	return append(insns, object.Insn{Code: movImm}, object.Insn{Code: exit})
}

// stackOf is a program that writes n bytes below the top of its stack.
func stackOf(n int) []object.Insn {
	return []object.Insn{{Code: 0x7a, Regs: 10, Off: int16(-n)}, {Code: movImm}, {Code: exit}} // *(u64 *)(r10 - n) = 0
}

// callChain is a program of n functions, of which each calls the next.
func callChain(n int) []object.Insn {
	var insns []object.Insn
	for range n - 1 {
		call := object.Insn{Code: object.CodeCall, Imm: 1}
		call.SetSrc(object.PseudoCall)
		insns = append(insns, call, object.Insn{Code: exit})
	}
	return append(insns, object.Insn{Code: movImm}, object.Insn{Code: exit})
}
