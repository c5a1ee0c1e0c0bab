package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/bpfdiag/bpfdiag/internal/compile"
	"github.com/bpfdiag/bpfdiag/internal/config"
	"github.com/bpfdiag/bpfdiag/umlinux"
	"github.com/bpfdiag/bpfdiag/umlinux/kernel"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// ccEnvironment has flags of `bpfdiag cc` for builds whose command lines cannot
// be changed.
const ccEnvironment = "BPFDIAG_CC_FLAGS"

// ccFlags are the options of `bpfdiag cc`.
type ccFlags struct {
	kernels  string
	jit      string
	programs []string
	roots    []string
	saveLogs string
	timeout  time.Duration
	memory   int
	color    string
	prove    string
	warn     bool
	raw      bool
	off      bool
}

func newCCCommand() *cobra.Command {
	var f ccFlags
	c := &cobra.Command{
		Use:   "cc [flags] -- COMPILER ARGUMENT...",
		Short: "Compile, then verify: the verifier as a part of the build",
		Long: `Cc runs a compiler, clang or GCC, with the arguments as they are. If that makes
BPF objects, their programs are verified, and what the verifier rejects is
reported as the compiler reports its own errors: on stderr, with exit status 1,
and without an object that the build could take for a good one.

Everything else (compilations for other machines, preprocessing, assembly, linking,
LLVM bitcode, -o -) is the compiler's alone; bpfdiag is replaced by it. So a whole
tree can be built with CC="bpfdiag cc -- clang".

Errors of clang's BPF back end get a code and an explanation too.

Where a program is rejected, the edits that help are tried: made in a copy, compiled
by the same command and verified. Those that the verifier accepts are shown as
verified, those that it refuses are not shown. That takes the time of a compilation
for each, ten seconds at most; --prove=on sets no limit, --prove=off tries nothing.
An object that is accepted costs nothing more.

Flags may also stand in $BPFDIAG_CC_FLAGS, and in .bpfdiag.toml of the source's folder
or one above it (kernels, jit, source-roots, [cc] warn, flags). The command line
counts before the environment, and that before the file. A program called bpfdiag-NAME
that is a link to bpfdiag is ` + "`bpfdiag cc -- NAME`" + `, for builds that take one word.

Exit status: the compiler's if it fails; 1 a program was rejected; 2 it could not be
found out (no kernel, for example). With --warn, all but the first are warnings.`,
		Example: `  bpfdiag cc -- clang -g -O2 --target=bpf -c prog.bpf.c -o prog.bpf.o
  make CC="bpfdiag cc -- clang"
  BPFDIAG_CC_FLAGS="--kernel=6.1,6.12 --warn" make CLANG="bpfdiag cc -- clang"
  BPFDIAG_CC_FLAGS=--off make CC="bpfdiag cc -- clang"    # as if it was not there`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return errors.New("no compiler given; try `bpfdiag cc -- clang -g -O2 --target=bpf -c prog.bpf.c -o prog.bpf.o`, or `bpfdiag cc --help`")
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error { return runCC(c, &f, args) },
	}
	fl := c.Flags()
	fl.SetInterspersed(false)
	f.add(fl)
	return c
}

func (f *ccFlags) add(fl *pflag.FlagSet) {
	fl.StringVarP(&f.kernels, "kernel", "k", kernel.Default, "kernels to verify with, separated by commas: series, \"newest\", names of own builds, or paths")
	fl.StringVar(&f.jit, "jit", umlinux.JITs[0], "JIT that the verifier answers for: "+strings.Join(umlinux.JITs, ", "))
	fl.StringArrayVarP(&f.programs, "program", "p", nil, "verify only programs whose name matches this `glob` (repeatable)")
	fl.StringArrayVar(&f.roots, "source-root", nil, "`folder` to search for source files (repeatable)")
	fl.StringVar(&f.saveLogs, "save-logs", "", "write each program's whole verifier log to a file in this `folder`")
	fl.DurationVar(&f.timeout, "timeout", time.Minute, "longest time for one program; 0 for no limit")
	fl.IntVar(&f.memory, "memory", 0, fmt.Sprintf("memory of one guest in `MiB` (default %d, more when the verifier needs it)", umlinux.DefaultMemory))
	fl.StringVar(&f.color, "color", "auto", "colours: auto (as the compiler is told), always or never")
	fl.StringVar(&f.prove, "prove", proveAuto, "try the edits of helps before they are shown: auto (for ten seconds), on or off")
	fl.BoolVar(&f.warn, "warn", false, "report as warnings, and do not fail the build")
	fl.BoolVar(&f.raw, "raw", false, "leave what the compiler says as it is")
	fl.BoolVar(&f.off, "off", false, "only compile")
}

// layers completes the flags by those of the environment and of the settings,
// whichever the command line does not have.
func (f *ccFlags) layers(fl *pflag.FlagSet, conf *config.Config) error {
	if err := layer(fl, compile.SplitWords(os.Getenv(ccEnvironment)), "$"+ccEnvironment); err != nil {
		return err
	}
	if conf == nil {
		return nil
	}
	if err := layer(fl, conf.CC.Flags, conf.Path+": cc.flags"); err != nil {
		return err
	}
	var words []string
	if len(conf.Kernels) > 0 {
		words = append(words, "--kernel="+strings.Join(conf.Kernels, ","))
	}
	if conf.JIT != "" {
		words = append(words, "--jit="+conf.JIT)
	}
	if conf.CC.Warn {
		words = append(words, "--warn")
	}
	for _, r := range conf.SourceRoots {
		words = append(words, "--source-root="+r)
	}
	return layer(fl, words, conf.Path)
}

// layer sets those flags in words that are not set yet.
func layer(fl *pflag.FlagSet, words []string, from string) error {
	var lower ccFlags
	set := pflag.NewFlagSet("cc", pflag.ContinueOnError)
	set.Usage = func() {}
	lower.add(set)
	if err := set.Parse(words); err != nil {
		return fmt.Errorf("%s: %w", from, err)
	}
	if set.NArg() > 0 {
		return fmt.Errorf("%s: %q is no flag", from, set.Arg(0))
	}
	var err error
	set.Visit(func(g *pflag.Flag) {
		if fl.Changed(g.Name) || err != nil {
			return
		}
		values := []string{g.Value.String()}
		if list, ok := g.Value.(pflag.SliceValue); ok {
			values = list.GetSlice()
		}
		for _, v := range values {
			err = errors.Join(err, fl.Set(g.Name, v))
		}
	})
	return err
}

// check says what is wrong with the flags.
func (f *ccFlags) check() error {
	c := checkFlags{jit: f.jit, programs: f.programs, timeout: f.timeout, jobs: 1, prove: f.prove, memory: f.memory,
		outputFlags: outputFlags{format: formats[0], color: f.color, roots: f.roots}}
	return c.check()
}

// ccSettings are the settings of the folder that the first source is in.
func ccSettings(line *compile.Line) (*config.Config, error) {
	dir := "."
	if len(line.Inputs) > 0 && line.Inputs[0].Path != "-" {
		dir = filepath.Dir(line.Inputs[0].Path)
	}
	return config.Find(dir)
}

// ccAlias is the command line of a link called bpfdiag-NAME.
func ccAlias(name string) ([]string, bool) {
	compiler, ok := strings.CutPrefix(strings.TrimSuffix(filepath.Base(name), ".exe"), "bpfdiag-")
	return []string{"cc", "--", compiler}, ok && compiler != ""
}
