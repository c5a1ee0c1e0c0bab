package main

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// usage is argp's status for a command line that it does not understand
// (EX_USAGE), which is what veristat ends with.
const usage = 64

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
