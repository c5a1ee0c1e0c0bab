package main

import (
	"fmt"
	"os"
	"time"

	"github.com/bpfdiag/bpfdiag/umlinux"
	"github.com/bpfdiag/bpfdiag/umlinux/kernel"
	"github.com/spf13/cobra"
)

// serveEnvironment says whether guests of a server are used.
const serveEnvironment = "BPFDIAG_SERVE"

// serveIdle is after how long without a question a server leaves.
const serveIdle = 5 * time.Minute

// serveFlags are the options of `bpfdiag serve`.
type serveFlags struct {
	idle         time.Duration
	kernel       string
	jit          string
	stop, status bool
	format       string
}

func newServeCommand() *cobra.Command {
	var f serveFlags
	c := &cobra.Command{
		Use:   "serve",
		Short: "Keep guests up, so that check, cc and stat answer at once",
		Long: `Serve keeps kernels booted between invocations: check, cc and stat of the same
user ask it over a local socket, instead of booting a kernel each time. It is never
needed. Whoever gets no answer from it verifies by itself, with the same result.

It need not be started by hand: a check, cc or stat that has verified something
by itself leaves a server behind for the next one, which ends when nobody has asked
it for some minutes, or when bpfdiag is replaced by another version. Not where $CI
is set, and not with a low priority (nice).

BPFDIAG_SERVE=0 forbids to use and to start one; BPFDIAG_SERVE=1 has one started
and used from the first object on, in CI too.

The socket is in the folder bpfdiag of $XDG_RUNTIME_DIR, or in serve-UID of
$BPFDIAG_CACHE (~/.cache/bpfdiag), which nobody else can enter. What needs guests of
its own is not asked of a server: --memory, --raw, --save-logs, stat -G and -v, and
a kernel that --kernel names by its path.

Exit status: 0; --status: 1 if there is no server; 2 something went wrong.`,
		Example: `  bpfdiag serve                 # until Ctrl-C, or nobody has asked for 5 minutes
  bpfdiag serve --idle 1h &
  bpfdiag serve --status
  bpfdiag serve --stop
  BPFDIAG_SERVE=1 make          # in a CI job`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := f.check(); err != nil {
				return err
			}
			return runServe(c, f)
		},
	}
	fl := c.Flags()
	fl.DurationVar(&f.idle, "idle", serveIdle, "leave when nobody has asked for so long")
	fl.StringVarP(&f.kernel, "kernel", "k", "", "`kernel` to boot before somebody asks")
	fl.StringVar(&f.jit, "jit", umlinux.JITs[0], "JIT of that kernel")
	fl.BoolVar(&f.stop, "stop", false, "end the server that runs")
	fl.BoolVar(&f.status, "status", false, "tell about the server that runs")
	fl.StringVarP(&f.format, "format", "f", "text", "output of --status: text, json")
	return c
}

func (f *serveFlags) check() error {
	if err := oneOf("jit", f.jit, umlinux.JITs...); err != nil {
		return err
	}
	if err := oneOf("format", f.format, "text", "json"); err != nil {
		return err
	}
	switch {
	case f.stop && f.status:
		return fmt.Errorf("--stop and --status exclude each other")
	case f.idle <= 0:
		return fmt.Errorf("--idle %v: it has to be positive", f.idle)
	}
	if f.kernel != "" {
		img, err := kernel.Find(f.kernel)
		switch {
		case err != nil:
			return err
		case img.ByPath():
			return fmt.Errorf("--kernel %s: a server has only kernels that were built here; `bpfdiag kernel list` names them", f.kernel)
		}
	}
	return nil
}

// serveWish is what the environment says about the server.
type serveWish int

const (
	serveMay  serveWish = iota // use one, and start one for the next time
	serveNot                   // neither
	serveMust                  // start one and use it
)

func wishedServer() (serveWish, error) {
	switch v := os.Getenv(serveEnvironment); v {
	case "":
		return serveMay, nil
	case "0", "no", "off":
		return serveNot, nil
	case "1", "yes", "on":
		return serveMust, nil
	default:
		return 0, fmt.Errorf("%s is %q: it is 1 to use a server, 0 not to, or not set", serveEnvironment, v)
	}
}
