package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/facts"
	"github.com/bpfdiag/bpfdiag/internal/object"
	"github.com/bpfdiag/bpfdiag/umlinux"
	"github.com/bpfdiag/bpfdiag/umlinux/kernel"
	"github.com/spf13/cobra"
)

// factsFlags are the options of `bpfdiag facts`.
type factsFlags struct {
	checkFlags
	line string
	file string // of line
	n    int
}

func newFactsCommand() *cobra.Command {
	var f factsFlags
	c := &cobra.Command{
		Use:   "facts OBJECT",
		Short: "What the verifier knows of each variable, line by line",
		Long: `Facts has the programs of an object verified and says what the verifier knew of
the variables at each line of the source: ranges of numbers, what pointers point
to, whether they may be NULL. It holds for all paths on which the verifier came by;
where it did not look at all of them, that is said.

What the compiler has optimised away is not there: the verifier sees the
compiled program.`,
		Example: `  bpfdiag facts prog.bpf.o
  bpfdiag facts --line prog.bpf.c:31 prog.bpf.o
  bpfdiag facts --format json prog.bpf.o | jq '.programs[].lines[]'`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) != 1 {
				return fmt.Errorf("facts takes one object; try `bpfdiag facts prog.bpf.o`")
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error { return runFacts(c, f, args[0]) },
	}
	fl := c.Flags()
	fl.StringVarP(&f.line, "line", "l", "", "only this line, as `FILE:LINE`; a part of the file's path will do")
	fl.StringVarP(&f.kernel, "kernel", "k", kernel.Default, "kernel to verify with: a series, \"newest\", the name of an own build, or a path")
	fl.StringVar(&f.jit, "jit", umlinux.JITs[0], "JIT that the verifier answers for: "+strings.Join(umlinux.JITs, ", "))
	fl.StringArrayVarP(&f.programs, "program", "p", nil, "only programs whose name matches this `glob` (repeatable)")
	fl.StringVarP(&f.format, "format", "f", "text", "output: text, json")
	fl.StringArrayVar(&f.roots, "source-root", nil, "`folder` to search for source files (repeatable)")
	fl.DurationVar(&f.timeout, "timeout", time.Minute, "longest time for one program; 0 for no limit")
	f.jobs, f.color = 1, "never"
	return c
}

func (f *factsFlags) check() error {
	if err := oneOf("format", f.format, "text", "json"); err != nil {
		return err
	}
	if f.line != "" {
		i := strings.LastIndexByte(f.line, ':')
		n, err := strconv.Atoi(f.line[i+1:])
		if i < 1 || err != nil || n < 1 {
			return fmt.Errorf("--line %q: it is FILE:LINE, such as prog.bpf.c:31", f.line)
		}
		f.file, f.n = f.line[:i], n
	}
	return f.checkFlags.check()
}

func runFacts(c *cobra.Command, f factsFlags, path string) error {
	if err := f.check(); err != nil {
		return err
	}
	obj, err := object.Open(path)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	sources := diag.NewSources(f.roots...)
	ck, err := openChecker(f.checkFlags, sources, c.ErrOrStderr())
	if err != nil {
		return err
	}
	m := ck.Machine()
	defer m.Close()
	doc := factsDocument{Schema: 1, Tool: tool(), Kernel: ck.Kernel(), Object: path, Programs: []factsProgram{}}
	failed, found := false, false
	err = ck.Facts(c.Context(), m, obj, f.selects, func(name string, p *facts.Program, err error) error {
		out := factsProgram{Name: name}
		if err != nil {
			out.Error, failed = err.Error(), true
		} else {
			out.read(p, &f, sources, filepath.Dir(path))
		}
		found = found || len(out.Lines) > 0
		if doc.Programs = append(doc.Programs, out); f.format == "text" {
			return out.text(c.OutOrStdout())
		}
		return nil
	})
	switch {
	case err != nil:
		return err
	case f.format == "json":
		err = doc.json(c.OutOrStdout())
	case len(doc.Programs) == 0:
		return fmt.Errorf("%s has no such program", path)
	case f.line != "" && !found && !failed:
		fmt.Fprintf(os.Stderr, "bpfdiag: the verifier knows of no variable at %s: the compiler made no code for it, or keeps none there\n", f.line)
	}
	if err == nil && failed {
		return exitCode(exitError)
	}
	return err
}
