package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/pflag"
)

// usage is argp's status for a command line that it does not understand
// (EX_USAGE), which is what veristat ends with.
const usage = 64

// veristatOptions are the options of veristat's and of argp's that have long names.
var veristatOptions = strings.Fields("version verbose debug log-level log-fixed log-size top-n quiet emit sort output-format compare " +
	"replay filter test-states test-reg-invariants top-src-lines set-global-vars dump help usage")

// unabbreviated is the option that the beginning of its name stands for, as in
// getopt_long: the only one that begins so. What is ambiguous stays as it is, which
// is no option. That we have more options does not make veristat's ambiguous.
func unabbreviated(fl *pflag.FlagSet, name string) string {
	var theirs, ours []string
	exact := false
	fl.VisitAll(func(f *pflag.Flag) {
		switch {
		case f.Name == name:
			exact = true
		case !strings.HasPrefix(f.Name, name):
		case slices.Contains(veristatOptions, f.Name):
			theirs = append(theirs, f.Name)
		default:
			ours = append(ours, f.Name)
		}
	})
	switch {
	case exact:
	case len(theirs) == 1:
		return theirs[0]
	case len(theirs) == 0 && len(ours) == 1:
		return ours[0]
	}
	return name
}

// asVeristat gives an error the exit status that veristat has for it: the errno
// of what failed (its main returns -err), or 1.
func asVeristat(really bool, err error) error {
	var code exitCode
	var sig signalError
	if !really || err == nil || errors.As(err, &sig) || errors.As(err, &code) && code == exitRejected {
		return err
	}
	if !errors.As(err, &code) {
		fmt.Fprintf(os.Stderr, "bpfdiag: %v\n", err)
	}
	var errno syscall.Errno
	switch {
	case errors.As(err, &errno):
		return exitCode(errno)
	case err == errNoObject:
		return exitCode(syscall.EINVAL)
	}
	return exitCode(1)
}
