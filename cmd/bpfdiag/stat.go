package main

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"time"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/object"
	"github.com/bpfdiag/bpfdiag/internal/stat"
	"github.com/bpfdiag/bpfdiag/umlinux"
	"github.com/bpfdiag/bpfdiag/umlinux/kernel"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Flags of BPF_PROG_LOAD that veristat can set.
const (
	testStateFreq     = 1 << 3
	testRegInvariants = 1 << 7
)

// statFormats are the values of --output-format, the default first.
var statFormats = []string{"table", "csv", "json", "json-lines", "markdown"}

// statFlags are the options of `bpfdiag stat`, those of veristat's by their names.
type statFlags struct {
	emit, sort             []string
	format                 string
	dump                   string
	compare, replay        bool
	filters, presets       []string
	topN, topLines         int
	verbose, debug, quiet  bool
	logLevel               uint32
	logFixed               bool
	logSize                int
	testStates, invariants bool
	version, help          bool
	veristat               bool // called by that name: no column that it does not have

	kernel, jit string
	jobs        int
	memory      int
	timeout     time.Duration
	noCache     bool
	shard       string
	merge       bool
	baseline    string
	failOn      []string
	hotFlags
}

func newStatCommand() *cobra.Command {
	var f statFlags
	c := &cobra.Command{
		Use:   "stat [flags] OBJECT|@LIST...",
		Short: "Tables of what the verifier counted: veristat without root",
		Long: `Stat verifies the programs of objects and prints what the verifier counted, as
the kernel's veristat does, in a kernel of your choice and as an ordinary user.
Options, columns, filters and files are veristat's; a link to bpfdiag that is
called veristat is this command.

@LIST is a file with a name in each line. Filters are patterns for file and
program ("xdp*", "file*/prog*") or conditions ("insns>1000", "verdict=failure");
"!" in front of one takes away what it matches. Columns of comparisons have the
endings _a, _b, _diff and _pct ("insns_pct"), and "|insns_diff|" is without sign.
Global variables are set before loading: -G 'limits.cpu[2] = 7'.

` + hotHelp + `

With --shard 2/5, a machine verifies every fifth object, from the second on, of
all in the order of their names; --merge joins what the machines have written
with -o json (or CSV, which does not tell whether a shard is missing).

-o json-lines prints rows as objects are done, in the order of the command line;
all at the end, and sorted, only with -s, -n, --baseline or several kernels.

Exit status: 0, also when programs are rejected; 1 a condition of --fail-on is
met; 2 something could not be done: an object is unreadable, a guest died, a
shard is missing. What could be done is printed. Called veristat, it is that of
veristat, to which unreadable objects are no failure.`,
		Example: `  bpfdiag stat *.bpf.o
  bpfdiag stat -e file,prog,verdict,insns,stack -s insns -n 20 *.bpf.o
  bpfdiag stat -o csv *.bpf.o > before.csv
  bpfdiag stat -C before.csv after.csv -f '|insns_pct|>5'
  bpfdiag stat --baseline before.csv --fail-on 'insns_pct > 10' *.bpf.o
  bpfdiag stat --hot -s insns -n 1 *.bpf.o      # which loop takes the instructions
  bpfdiag stat --shard 2/5 -o json @all.txt > 2.json
  bpfdiag stat --merge --baseline before.csv --fail-on 'insns_pct > 10' ?.json
  bpfdiag stat --kernel 6.1 -v prog.bpf.o       # with diagnostics and logs
  bpfdiag stat --kernel all -o markdown *.bpf.o # side by side, and what differs`,
		RunE: func(c *cobra.Command, args []string) error { return asVeristat(f.veristat, runStat(c, f, args)) },
	}
	fl := c.Flags()
	fl.StringArrayVarP(&f.emit, "emit", "e", nil, "`columns` to print: "+strings.Join(stat.Names(), ", "))
	fl.StringArrayVarP(&f.sort, "sort", "s", nil, "`columns` to sort by, each with ^ (up) or v (down) behind it")
	fl.StringVarP(&f.format, "output-format", "o", statFormats[0], "output: "+strings.Join(statFormats, ", "))
	fl.BoolVarP(&f.compare, "compare", "C", false, "compare two files: BASELINE COMPARISON")
	fl.BoolVarP(&f.replay, "replay", "R", false, "print the rows of a file again")
	fl.StringArrayVarP(&f.filters, "filter", "f", nil, "rows to print, as a pattern or condition, or @FILE with such (repeatable)")
	fl.StringArrayVarP(&f.presets, "set-global-vars", "G", nil, "set a global `variable`: \"var = 1\", or @FILE with such (repeatable)")
	fl.IntVarP(&f.topN, "top-n", "n", 0, "print the first `N` rows only")
	fl.IntVarP(&f.topLines, "top-src-lines", "S", 0, "print the `N` source lines that are most often in each program's log")
	fl.BoolVar(&f.hot, "hot", false, "print the loops and source lines that took the verifier's instructions")
	fl.IntVar(&f.lines, "top-lines", 0, "print the `N` source lines that took most of the verifier's instructions")
	fl.BoolVarP(&f.verbose, "verbose", "v", false, "print each program's diagnostic and log")
	fl.BoolVarP(&f.debug, "debug", "d", false, "as --verbose")
	fl.BoolVarP(&f.quiet, "quiet", "q", false, "print the table only")
	fl.Uint32VarP(&f.logLevel, "log-level", "l", 0, "level of the logs: 1 the last path, 2 all paths")
	fl.BoolVar(&f.logFixed, "log-fixed", false, "keep a log's beginning, not its end, when it is too long")
	fl.IntVar(&f.logSize, "log-size", 0, "print at most so many `bytes` of each log")
	fl.StringVar(&f.dump, "dump", "", "veristat's `kind` of dump, xlated or jited; not to be had here, which is said")
	fl.Lookup("dump").NoOptDefVal = "xlated"
	fl.BoolVarP(&f.testStates, "test-states", "t", false, "keep states often (BPF_F_TEST_STATE_FREQ)")
	fl.BoolVarP(&f.invariants, "test-reg-invariants", "r", false, "reject when bounds contradict each other (BPF_F_TEST_REG_INVARIANTS)")
	fl.BoolVarP(&f.version, "version", "V", false, "print the version")
	fl.StringVarP(&f.kernel, "kernel", "k", kernel.Default, "kernel to verify with, as for bpfdiag check; several, \"6.1,7.3\", or \"all\" that are built, side by side")
	fl.StringVar(&f.jit, "jit", umlinux.JITs[0], "JIT that the verifier answers for: "+strings.Join(umlinux.JITs, ", "))
	fl.IntVarP(&f.jobs, "jobs", "j", runtime.NumCPU(), "guests at work side by side")
	fl.DurationVar(&f.timeout, "timeout", time.Minute, "longest time for one program; 0 for no limit")
	fl.IntVar(&f.memory, "memory", 0, fmt.Sprintf("memory of one guest in `MiB` (default %d, more when the verifier needs it)", umlinux.DefaultMemory))
	fl.BoolVar(&f.noCache, "no-cache", false, "verify again what is known from another run, and keep no result")
	fl.StringVar(&f.shard, "shard", "", "verify only one `part` of the objects, \"2/5\"")
	fl.BoolVar(&f.merge, "merge", false, "join files of rows, such as those of shards")
	fl.StringVar(&f.baseline, "baseline", "", "compare with the rows of this `file`")
	fl.StringArrayVar(&f.failOn, "fail-on", nil, "exit with 1 if a row meets this `condition` (repeatable)")
	fl.BoolVar(&f.veristat, "as-veristat", false, "")
	_ = fl.MarkHidden("as-veristat")
	c.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		if err = c.Root().FlagErrorFunc()(c, err); f.veristat {
			fmt.Fprintf(c.ErrOrStderr(), "bpfdiag: %v\n", err)
			return exitCode(usage)
		}
		return err
	})
	fl.BoolVarP(&f.help, "usage", "?", false, "")
	_ = fl.MarkHidden("usage")
	fl.SetNormalizeFunc(func(fl *pflag.FlagSet, name string) pflag.NormalizedName {
		if name == "format" { // what other subcommands call it
			name = "output-format"
		}
		if f.veristat { // the command line is being read
			name = unabbreviated(fl, name)
		}
		return pflag.NormalizedName(name)
	})
	return c
}

// statistics is one run of `bpfdiag stat`.
type statistics struct {
	flags       statFlags
	out         io.Writer
	errOut      io.Writer
	filters     stat.Filters
	failOn      stat.Filters
	columns     stat.Spec
	order       stat.Spec
	presets     []object.Preset
	presetTexts []string

	shard stat.Shard // what is verified; zero for all
	about stat.About // of the rows, for JSON
	rows  []stat.Record
	lines bool // rows are printed as they come
	// processed and not, as veristat counts
	files, skipped, progs, left int
	foreign                     int  // of skipped: files that are no objects
	unusable                    bool // something could not be verified
	announced                   bool // which objects are verified is said

	text diag.Text
}

func runStat(c *cobra.Command, f statFlags, args []string) error {
	if f.help {
		return c.Help()
	}
	if f.version {
		_, err := fmt.Fprintf(c.OutOrStdout(), "veristat v%s (bpfdiag)\n", version)
		return err
	}
	s := &statistics{flags: f, out: c.OutOrStdout(), errOut: c.ErrOrStderr()}
	if err := s.prepare(); err != nil {
		return err
	}
	files, err := withLists(args)
	if err != nil {
		return err
	}
	switch {
	case f.compare && len(files) != 2:
		return fmt.Errorf("--compare takes two files, not %d: bpfdiag stat -C BASELINE.csv COMPARISON.csv", len(files))
	case f.replay && len(files) != 1:
		return fmt.Errorf("--replay takes one file, not %d: bpfdiag stat -R RESULTS.csv", len(files))
	case len(files) == 0 && f.merge:
		return fmt.Errorf("no file to join; try `bpfdiag stat --merge A.json B.json`")
	case len(files) == 0:
		return errNoObject
	}
	switch {
	case f.compare:
		return s.compare(files[0], files[1])
	case f.replay, f.merge:
		return s.replay(files)
	}
	if f.shard != "" {
		files = s.shard.Of(files)
		s.about.Shard = &s.shard
	}
	kernels, err := kernelNames(f.kernel)
	if err != nil {
		return err
	}
	if len(kernels) > 1 {
		return s.across(c.Context(), kernels, files)
	}
	s.flags.kernel = kernels[0]
	s.lines = f.format == "json-lines" && f.sort == nil && f.topN == 0 && f.baseline == ""
	if err := s.verify(c.Context(), "verifying", files); err != nil {
		return err
	}
	if s.foreign == len(files) && !f.veristat && f.shard == "" { // what veristat says nothing of
		return fmt.Errorf("%s is no object with BPF programs, and nothing else is given; `clang -g -O2 --target=bpf -c` makes one, and `bpfdiag check` takes C sources, too", files[0])
	}
	if err := s.report(stat.CSVColumns()); err != nil {
		return err
	}
	return s.usable()
}

// report prints what was verified, or read.
func (s *statistics) report(has stat.Spec) error {
	if s.flags.baseline != "" {
		return s.compareWith(s.flags.baseline, s.rows, has)
	}
	if !s.lines {
		if err := s.print(); err != nil {
			return err
		}
	}
	return s.breaches(stat.Join(nil, s.rows))
}

// errNoObject: there is nothing to verify.
var errNoObject = errors.New("no object given; try `bpfdiag stat prog.bpf.o`, or `bpfdiag stat --help`")

// usable is the exit status of a run in which an object could not be verified:
// what could be is printed first. To veristat such a one is no error, but a variable
// that cannot be set is.
func (s *statistics) usable() error {
	if s.unusable && (!s.flags.veristat || len(s.presets) > 0) {
		return exitCode(exitError)
	}
	return nil
}
