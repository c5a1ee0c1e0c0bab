package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/check"
)

// ccVerifier verifies objects with the kernels that the flags name.
type ccVerifier struct {
	flags    *ccFlags
	out      *ccReport
	checkers []*check.Checker
}

// verify returns the exit status that an object asks for, and reports why. Its
// error is what makes it pointless to go on.
func (v *ccVerifier) verify(ctx context.Context, path string) (exitCode, error) {
	if err := v.open(); err != nil {
		if !v.flags.warn {
			return exitError, notVerified(path, err)
		}
		v.out.say(diag.SeverityWarning, notVerified(path, err).Error())
		return exitOK, nil
	}
	var all []verified
	for _, ck := range v.checkers {
		err := ck.Run(ctx, []string{path}, func(o diag.Object) error {
			all = append(all, verified{ck.Kernel(), o})
			return nil
		})
		if err != nil {
			return exitError, err
		}
	}
	return v.out.verdicts(path, all), nil
}

// verified is what a kernel says of an object.
type verified struct {
	kernel diag.Kernel
	object diag.Object
}

// open finds the kernels.
func (v *ccVerifier) open() error {
	if v.checkers != nil {
		return nil
	}
	f := v.flags
	if f.saveLogs != "" {
		if err := os.MkdirAll(f.saveLogs, 0o777); err != nil {
			return fmt.Errorf("folder for logs: %w", err)
		}
	}
	var names []string
	for _, n := range strings.Split(f.kernels, ",") {
		if n = strings.TrimSpace(n); n != "" && !slices.Contains(names, n) {
			names = append(names, n)
		}
	}
	if len(names) == 0 {
		return fmt.Errorf("--kernel %q names no kernel", f.kernels)
	}
	var all []*check.Checker
	for _, n := range names {
		ck, err := openChecker(checkFlags{kernel: n, jit: f.jit, programs: f.programs, saveLogs: f.saveLogs,
			timeout: f.timeout, jobs: 1, memory: f.memory, outputFlags: outputFlags{quiet: true, format: formats[0]}}, v.out.text.Sources, v.out.w)
		if err != nil {
			return err
		}
		all = append(all, ck)
	}
	v.checkers = all
	return nil
}
