package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strings"
	"sync/atomic"
	"time"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/check"
	"github.com/bpfdiag/bpfdiag/internal/fix"
	"github.com/bpfdiag/bpfdiag/internal/object"
	"github.com/bpfdiag/bpfdiag/umlinux"
	"github.com/bpfdiag/bpfdiag/umlinux/kernel"
	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// fixFlags are the options of `bpfdiag fix`.
type fixFlags struct {
	checkFlags
	apply       bool
	diff        bool
	interactive bool
	compile     string
	steps       int
}

func newFixCommand() *cobra.Command {
	var f fixFlags
	c := &cobra.Command{
		Use:   "fix SOURCE|OBJECT...",
		Short: "Mend programs: make the edits that the verifier then accepts",
		Long: `Fix compiles sources, has the verifier judge, and makes the edits that the
diagnostics suggest: one diagnostic at a time, in a copy, compiled and verified
again after each, until the programs are accepted or nothing helps. What does
not help is undone.

Without a flag it says what it would do and prints the changes as a diff. --diff
prints the diff alone, for patch -p1 or git apply; --apply writes the files;
--interactive asks before each edit, and writes.

Edits that keep what the program does are made without asking ("safe"). Those
that most likely do what was meant ("likely") are made only where the program
is accepted in the end, and are named: read them. What a person has to complete
is only offered by --interactive. An edit after which the compiler leaves out
what was refused is never made. Files outside of the source's repository (or its
folder, if there is none), vmlinux.h and libbpf's headers are never changed.

How a source is compiled is found in compile_commands.json, .bpfdiag.toml or the
object's debug information (clang's -grecord-command-line), or --compile says it;
otherwise clang is called with the usual options and the include folders that
are found. What is compiled from an object's source has to be judged like the
object.

Exit status: 0 all programs are accepted (with the changes), 1 one is rejected
still, 2 it could not be found out, or the files could not be written.`,
		Example: `  bpfdiag fix prog.bpf.c                    # what would be done
  bpfdiag fix --apply prog.bpf.c            # do it
  bpfdiag fix --diff build/prog.bpf.o | git apply
  bpfdiag fix --compile 'clang -O2 -g --target=bpf -Iinclude -c {source} -o {output}' prog.bpf.c
  bpfdiag fix --format json prog.bpf.c      # steps, edits and verdicts, for programs`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return fmt.Errorf("no source and no object given; try `bpfdiag fix prog.bpf.c`, or `bpfdiag fix --help`")
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error { return runFix(c, f, args) },
	}
	fl := c.Flags()
	fl.BoolVar(&f.apply, "apply", false, "write the changes")
	fl.BoolVar(&f.diff, "diff", false, "print the changes as a diff and nothing else")
	fl.BoolVarP(&f.interactive, "interactive", "i", false, "ask before each edit, and write")
	fl.StringVar(&f.compile, "compile", "", "`command` that compiles; {source} and {output} in it are replaced")
	fl.IntVar(&f.steps, "max-steps", fix.DefaultSteps, "edits for one program at most")
	fl.StringVarP(&f.kernel, "kernel", "k", kernel.Default, "kernel to verify with: a series, \"newest\", the name of an own build, or a path")
	fl.StringVar(&f.jit, "jit", umlinux.JITs[0], "JIT that the verifier answers for: "+strings.Join(umlinux.JITs, ", "))
	fl.StringArrayVarP(&f.programs, "program", "p", nil, "mend only programs whose name matches this `glob` (repeatable)")
	fl.DurationVar(&f.timeout, "timeout", time.Minute, "longest time for one program; 0 for no limit")
	fl.StringVarP(&f.format, "format", "f", "text", "output: text, json")
	fl.IntVar(&f.most, "max-bytes", mostJSON, "size of the JSON at most; what matters most stays; 0 for no limit")
	fl.StringVar(&f.color, "color", "auto", "colours: auto, always or never")
	fl.StringArrayVar(&f.roots, "source-root", nil, "`folder` to search for source files (repeatable)")
	fl.BoolVarP(&f.quiet, "quiet", "q", false, "no progress")
	return c
}

func (f *fixFlags) check() error {
	f.jobs = 1 // has no flag here
	if err := f.checkFlags.check(); err != nil {
		return err
	}
	if err := oneOf("format", f.format, "text", "json"); err != nil {
		return err
	}
	switch {
	case f.apply && f.diff || f.apply && f.interactive || f.diff && f.interactive:
		return errors.New("--apply, --diff and --interactive exclude each other")
	case f.steps < 1 || f.steps > 100:
		return fmt.Errorf("--max-steps %d: from 1 to 100", f.steps)
	case f.format != "text" && (f.diff || f.interactive):
		return errors.New("--format json has the diff in it, and asks no questions")
	case f.interactive && !term.IsTerminal(int(os.Stdin.Fd())):
		return errors.New("--interactive asks questions, and the standard input is no terminal; --apply does what is proven without asking")
	}
	return nil
}

func runFix(c *cobra.Command, f fixFlags, paths []string) error {
	if err := f.check(); err != nil {
		return err
	}
	ck, err := openChecker(f.checkFlags, diag.NewSources(f.roots...), c.ErrOrStderr())
	if err != nil {
		return err
	}
	pool := check.NewPool(c.Context(), ck)
	defer pool.Close()
	out := newFixReport(c.OutOrStdout(), f, ck.Kernel())
	o := fix.Options{Compile: f.compile, Steps: f.steps}
	if f.interactive {
		o.Verify = fix.InPool(pool, pool.Checker().Options, f.roots...)
		o.Choose = newAsker(os.Stdin, out).choose
	}
	result, err := fixAll(c.Context(), o, pool, f, paths)
	if err != nil {
		return err
	}
	if f.apply || f.interactive {
		if err := fix.Write(result.Changes); err != nil {
			return err
		}
	}
	if err := out.result(result); err != nil {
		return err
	}
	return fixStatus(result)
}

// fixAll runs the search, and shows that it goes on unless somebody is asked.
func fixAll(ctx context.Context, o fix.Options, pool *check.Pool, f fixFlags, paths []string) (fix.Result, error) {
	if o.Choose != nil {
		return fix.Run(ctx, o, paths)
	}
	line := newProgressLine(os.Stderr)
	if f.quiet {
		line = newProgressLine(io.Discard)
	}
	var tried atomic.Int64
	verify := fix.InPool(pool, pool.Checker().Options, f.roots...)
	o.Verify = func(ctx context.Context, obj *object.Object, texts map[string]string) (diag.Object, error) {
		tried.Add(1)
		return verify(ctx, obj, texts)
	}
	stop := showProgress(line, func(seconds int) string {
		return fmt.Sprintf("mending: %s, %d s", plural(int(tried.Load()), "attempt"), seconds)
	})
	defer stop()
	return fix.Run(ctx, o, paths)
}

// fixStatus is the exit status of what became of the programs.
func fixStatus(r fix.Result) error {
	status := exitOK
	for _, t := range r.Targets {
		if t.Error != "" {
			return exitCode(exitError)
		}
		for _, p := range t.Programs {
			switch p.Verdict {
			case diag.Accepted, diag.Skipped:
			case diag.Rejected:
				status = max(status, exitRejected)
			default:
				status = exitError
			}
		}
	}
	if status == exitOK {
		return nil
	}
	return exitCode(status)
}

// short is a path as a person in the working folder would write it.
func short(p string) string {
	dir, err := os.Getwd()
	if rest, ok := strings.CutPrefix(p, dir+"/"); err == nil && ok {
		return path.Clean(rest)
	}
	return p
}
