package main

import (
	"fmt"
	"os"
	"path"
	"runtime"
	"strings"
	"time"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/umlinux"
	"github.com/bpfdiag/bpfdiag/umlinux/kernel"
	"github.com/spf13/cobra"
)

// checkFlags are the options of `bpfdiag check`.
type checkFlags struct {
	kernel   string
	jit      string
	programs []string
	saveLogs string
	logLevel uint32
	timeout  time.Duration
	jobs     int
	memory   int
	noCache  bool
	compile  string
	prove    string
	outputFlags
}

func newCheckCommand() *cobra.Command {
	var f checkFlags
	c := &cobra.Command{
		Use:   "check OBJECT|SOURCE...",
		Short: "Verify the programs of objects, or of C sources",
		Long: `Check loads every program of the objects into a real kernel, each alone, and
reports the verifier's verdict on each. The kernel runs as an ordinary process:
neither root nor a virtual machine is needed, and nothing of this machine's own
kernel is used or changed.

A program is accepted or rejected by the verifier, or an error kept it from
reaching the verifier (for example, this kernel lacks a function that it calls).

A C source is compiled first, as compile_commands.json or .bpfdiag.toml says, else
as most projects do; a compile_commands.json stands for all the BPF sources in it.
--compile says it for all. Nothing of that is written into the project.

The edits that diagnostics suggest are tried where it is known how the object is
compiled (a source; --compile, compile_commands.json, .bpfdiag.toml, or clang's
-grecord-command-line for an object): made in a copy, compiled and verified. What
the verifier then accepts is shown as verified, what it refuses is not shown. That
takes the time of a compilation for each, at most ten seconds for an object and a
minute for all; --prove=on sets no limit, --prove=off tries nothing.

Formats: text for people; concise, one line for each cause, for quickfix lists;
json, one document; json-lines, one diagnostic in each line; sarif (2.1.0);
github, workflow commands that annotate a pull request; gitlab, a code quality
report; junit, a test case for each program. Text, concise and json-lines come
as the objects are done, the others at the end.

JSON has at most --max-bytes, so that it can be handed to a language model: what
failed comes before details of it, and these before what is accepted. left_out in
it says what is missing. Programs that read JSON want --max-bytes 0.

Source files are searched where the compiler saw them, relative to the object
and to the working folder, and under every --source-root. Where there is none,
or it was changed since, the lines that the object carries are shown.

Results are kept in the folder "results" of $BPFDIAG_CACHE (~/.cache/bpfdiag),
which may be removed at any time: an object whose content, sources, kernel and
flags are those of another run is not verified again. With --no-cache, or
BPFDIAG_NO_CACHE set, and with --raw and --save-logs, all are.

Exit status: 0 all accepted, 1 a program was rejected, 2 for at least one
program or object it could not be found out, or no program was checked.`,
		Example: `  bpfdiag check prog.bpf.o
  bpfdiag check prog.bpf.c                  # compiles it first
  bpfdiag check build/compile_commands.json # every BPF source of the project
  bpfdiag check --kernel 6.1 --program 'xdp_*' build/*.o
  bpfdiag check --format json --max-bytes 0 *.bpf.o | jq '.objects[].programs[].verdict'
  bpfdiag check --format sarif *.bpf.o > bpfdiag.sarif
  bpfdiag check --jit arm64 prog.bpf.o      # as an arm64 machine would judge
  bpfdiag check --save-logs logs prog.bpf.o # whole verifier logs, a file each`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return fmt.Errorf("no object given; try `bpfdiag check prog.bpf.o`, or `bpfdiag check --help`")
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error { return runCheck(c, f, args) },
	}
	fl := c.Flags()
	fl.StringVarP(&f.kernel, "kernel", "k", kernel.Default, "kernel to verify with: a series, \"newest\", the name of an own build, or a path")
	fl.StringVar(&f.jit, "jit", umlinux.JITs[0], "JIT that the verifier answers for: "+strings.Join(umlinux.JITs, ", "))
	fl.StringArrayVarP(&f.programs, "program", "p", nil, "check only programs whose name matches this `glob` (repeatable)")
	fl.StringVar(&f.saveLogs, "save-logs", "", "write each program's whole verifier log to a file in this `folder`")
	fl.Uint32Var(&f.logLevel, "log-level", 0, "log that every program is loaded with: 1 its (failing) path, 2 all paths; 0 only a rejection's path")
	fl.DurationVar(&f.timeout, "timeout", time.Minute, "longest time for one program; 0 for no limit")
	fl.IntVarP(&f.jobs, "jobs", "j", runtime.NumCPU(), "guests at work side by side")
	fl.IntVar(&f.memory, "memory", 0, fmt.Sprintf("memory of one guest in `MiB` (default %d, more when the verifier needs it)", umlinux.DefaultMemory))
	fl.StringVar(&f.compile, "compile", "", "`command` that compiles; {source} and {output} in it are replaced")
	fl.StringVar(&f.prove, "prove", proveAuto, proveUsage)
	fl.BoolVar(&f.noCache, "no-cache", false, "verify again what is known from another run, and keep no result")
	f.add(fl)
	return c
}

// check says what is wrong with the flags before anything is started.
func (f *checkFlags) check() error {
	if err := f.outputFlags.check(); err != nil {
		return err
	}
	if f.prove != "" {
		if err := oneOf("prove", f.prove, proveAuto, proveOn, proveOff); err != nil {
			return err
		}
	}
	if err := oneOf("jit", f.jit, umlinux.JITs...); err != nil {
		return err
	}
	for _, g := range f.programs {
		if _, err := path.Match(g, ""); err != nil {
			return fmt.Errorf("--program %q: %w", g, err)
		}
	}
	switch {
	case f.logLevel > 2:
		return fmt.Errorf("--log-level %d: it is 0, 1 or 2", f.logLevel)
	case f.jobs < 1:
		return fmt.Errorf("--jobs %d: at least one guest has to work", f.jobs)
	case f.memory != 0 && f.memory < 64 || f.memory > 64<<10:
		return fmt.Errorf("--memory %d: a guest needs 64 MiB or more, and %d at the most", f.memory, 64<<10)
	case f.timeout < 0:
		return fmt.Errorf("--timeout %v: it cannot be negative", f.timeout)
	}
	return nil
}

// selects says whether a program is to be checked.
func (f *checkFlags) selects(name string) bool {
	if len(f.programs) == 0 {
		return true
	}
	for _, g := range f.programs {
		if ok, _ := path.Match(g, name); ok {
			return true
		}
	}
	return false
}

func runCheck(c *cobra.Command, f checkFlags, paths []string) error {
	if err := f.check(); err != nil {
		return err
	}
	if f.saveLogs != "" {
		if err := os.MkdirAll(f.saveLogs, 0o777); err != nil {
			return fmt.Errorf("folder for logs: %w", err)
		}
	}
	sources := diag.NewSources(f.roots...)
	ck, err := openChecker(f, sources, c.ErrOrStderr())
	if err != nil {
		return err
	}
	defer leaveServer(c.Context(), c.ErrOrStderr(), ck)
	built, err := compileSources(c.Context(), paths, f.compile, nil, c.ErrOrStderr())
	if err != nil {
		return err
	}
	defer built.Close()
	var e *edits
	if !f.raw || f.format != formats[0] { // whose helps are not printed
		e = newEdits(c.Context(), f.prove, ck, f.roots, c.ErrOrStderr())
		defer e.Close()
	}
	counts, err := checkAll(c.Context(), ck, built, e, f.quiet, newReporter(c.OutOrStdout(), f.outputFlags, ck.Kernel(), sources))
	if err != nil {
		return err
	}
	switch {
	case counts.BadObjects > 0 || counts.Errors > 0 || counts.Accepted+counts.Rejected == 0:
		return exitCode(exitError)
	case counts.Rejected > 0:
		return exitCode(exitRejected)
	}
	return nil
}
