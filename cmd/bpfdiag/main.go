// Bpfdiag runs the Linux eBPF verifier on compiled objects, as an ordinary
// user, and says what it said. See README.md.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/bpfdiag/bpfdiag/umlinux/kernel"
	"github.com/spf13/cobra"
)

// version is set by the Makefile.
var version = "0.1.0"

// Exit statuses of every subcommand.
const (
	exitOK       = 0 // all accepted
	exitRejected = 1 // something was rejected
	exitError    = 2 // it could not be found out
	exitGone     = 3 // kernel build: no suite of Debian's has the series any more
)

// exitCode is the error of a command that has said all it had to say.
type exitCode int

func (e exitCode) Error() string { return fmt.Sprintf("exit status %d", int(e)) }

func main() {
	args := os.Args[1:]
	if name := filepath.Base(os.Args[0]); strings.TrimSuffix(name, ".exe") == "veristat" {
		args = append([]string{"stat", "--as-veristat"}, args...)
	}
	if alias, ok := ccAlias(os.Args[0]); ok {
		args = append(alias, args...)
	}
	os.Exit(run(args))
}

// run executes one command line and returns the exit status.
func run(args []string) int {
	// The first signal ends the work in an orderly way (guests are killed),
	// the second one at once.
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	go func() {
		s := <-signals
		signal.Reset()
		cancel(signalError{s})
	}()

	root := newRootCommand()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	var code exitCode
	var sig signalError
	switch {
	case err == nil:
		return exitOK
	case errors.As(context.Cause(ctx), &sig):
		fmt.Fprintf(os.Stderr, "bpfdiag: %v\n", sig)
		if s, ok := sig.Signal.(syscall.Signal); ok {
			return 128 + int(s)
		}
		return exitError
	case errors.As(err, &code):
		return int(code)
	}
	fmt.Fprintf(os.Stderr, "bpfdiag: %v\n", err)
	var gone *kernel.GoneError
	if errors.As(err, &gone) {
		return exitGone
	}
	return exitError
}

type signalError struct{ os.Signal }

func (e signalError) Error() string { return "stopped by " + e.Signal.String() }

func newRootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "bpfdiag",
		Short: "The Linux eBPF verifier as a compiler's back end: no root, no VM",
		Long: `bpfdiag runs the verifier of a chosen Linux kernel on compiled eBPF objects, as
an ordinary user and without a virtual machine, and says what failed, why, and
what to write instead.

Exit status: 0 all programs accepted, 1 a program rejected, 2 it could not be
found out (usage, no kernel, an unreadable object).`,
		Version:       version,
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return fmt.Errorf("%w\n  `%s --help` lists what there is", err, c.CommandPath())
	})
	root.AddCommand(newCheckCommand(), newFixCommand(), newStatCommand(), newLogCommand(), newExplainCommand(), newRulesCommand(), newKernelCommand(),
		newDoctorCommand(), newFactsCommand(), newLSPCommand())
	root.AddCommand(newFeaturesCommand(), newCCCommand(), newCacheCommand(), newServeCommand(), newMCPCommand())
	return root
}
