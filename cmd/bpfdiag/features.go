package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/bpfdiag/bpfdiag/internal/check"
	"github.com/bpfdiag/bpfdiag/internal/features"
	"github.com/bpfdiag/bpfdiag/umlinux"
	"github.com/bpfdiag/bpfdiag/umlinux/kernel"
	"github.com/bpfdiag/bpfdiag/umlinux/loader"
	"github.com/spf13/cobra"
	"golang.org/x/term"
)

func newFeaturesCommand() *cobra.Command {
	var kernels, jit, format string
	var noCache bool
	var q features.Query
	c := &cobra.Command{
		Use:   "features [NAME...]",
		Short: "Ask kernels what programs may call, use, read and return",
		Long: `Features asks the verifier of a kernel what it allows: small programs are loaded
that each do one thing, so that the answers are those of that very kernel and JIT.

A NAME is a program type or a section (what may such programs do?), or a helper,
a kfunc, or a type of maps (which programs may use it?). With --type and a
function, the question is whether programs of that type may call it. Without a
name there is an overview: program types, maps, limits.

What a program may do depends on its section and target as well:
fentry/tcp_connect, lsm.s/bprm_check_security and struct_ops/sched_ext_ops.dispatch
are names, too. With several kernels, what differs between them is shown.

Arguments of the functions are not asked about: that a program may call one does
not say with what. JSON has all names; text has the newest kernel's context.

Answers are kept as check's results are, so that the same question to the same
kernel is answered at once.

Exit status: 0, or 1 if no program may use what was asked for, 2 for errors.`,
		Example: `  bpfdiag features xdp                      # what XDP programs may do
  bpfdiag features bpf_loop                 # who may call it
  bpfdiag features --kernel all bpf_loop    # and since when
  bpfdiag features --kernel 6.1,7.3 tc      # what differs
  bpfdiag features --type xdp bpf_get_current_task
  bpfdiag features --format json fentry.s`,
		RunE: func(c *cobra.Command, args []string) error {
			if err := cmp.Or(oneOf("format", format, "text", "json"), oneOf("jit", jit, umlinux.JITs...)); err != nil {
				return err
			}
			q.Names = append(q.Names, args...)
			var machines []*umlinux.Machine
			defer func() {
				for _, m := range machines {
					m.Close()
				}
			}()
			report, err := askKernels(c.Context(), kernels, q, func(name string) (*check.Checker, loader.Machine, error) {
				ck, err := check.New(name, check.Options{JIT: jit}, nil)
				if err != nil {
					return nil, nil, err
				}
				ck.Cache = resultCache(noCache)
				m := ck.Machine()
				machines = append(machines, m)
				return ck, m, nil
			})
			if err != nil {
				return err
			}
			if format == "json" {
				err = report.WriteJSON(c.OutOrStdout())
			} else {
				width := 0
				if f, ok := c.OutOrStdout().(*os.File); ok && term.IsTerminal(int(f.Fd())) {
					width, _, _ = term.GetSize(int(f.Fd()))
				}
				err = report.WriteText(c.OutOrStdout(), width)
			}
			if err == nil && !report.Any() {
				err = exitCode(exitRejected)
			}
			return err
		},
	}
	fl := c.Flags()
	fl.StringVarP(&kernels, "kernel", "k", kernel.Default, "kernels to ask, with commas between them, or \"all\" that are built")
	fl.StringVar(&jit, "jit", umlinux.JITs[0], "JIT that the verifier answers for: "+strings.Join(umlinux.JITs, ", "))
	fl.StringArrayVarP(&q.Types, "type", "t", nil, "program type or section to ask about (repeatable)")
	fl.StringArrayVar(&q.Names, "helper", nil, "like NAME: a helper or kfunc to ask about (repeatable)")
	fl.StringVarP(&format, "format", "f", "text", "output: text or json")
	fl.BoolVar(&noCache, "no-cache", false, "ask again what is known from another run, and keep no answer")
	return c
}

// askKernels asks the kernels of --kernel, oldest first, each with the machine that
// open returns for it, which is not booted if the answer is remembered.
func askKernels(ctx context.Context, kernels string, q features.Query, open func(name string) (*check.Checker, loader.Machine, error)) (*features.Report, error) {
	names, err := kernelNames(kernels)
	if err != nil {
		return nil, err
	}
	var sources []features.Source
	for _, n := range names {
		ck, m, err := open(n)
		if err != nil {
			return nil, err
		}
		s := features.Source{Name: ck.Kernel(), Machine: m, Kernel: &loader.Kernel{Path: ck.Image.Path, Release: ck.Image.Release}}
		if memory := ck.Memory(); memory != nil {
			s.Memory = memory
		}
		sources = append(sources, s)
	}
	slices.SortStableFunc(sources, func(a, b features.Source) int { return a.Kernel.Compare(b.Kernel) })
	report, err := features.Run(ctx, sources, q)
	if err != nil {
		return nil, fmt.Errorf("features: %w", err)
	}
	return report, nil
}
