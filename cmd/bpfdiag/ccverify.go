package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/check"
	"github.com/bpfdiag/bpfdiag/internal/compile"
)

// ccVerifier verifies objects with the kernels that the flags name.
type ccVerifier struct {
	flags    *ccFlags
	line     *compile.Line
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
			err := v.prove(ctx, ck, &o)
			all = append(all, verified{ck.Kernel(), o})
			return err
		})
		if err != nil {
			return exitError, err
		}
	}
	return v.out.verdicts(path, all), nil
}

// prove tries the edits for an object that the line has just made.
func (v *ccVerifier) prove(ctx context.Context, ck *check.Checker, o *diag.Object) error {
	dir, err := os.Getwd()
	if err != nil || !rejected(o) {
		return err
	}
	for _, c := range v.line.Commands(dir, compile.CommandLine) {
		if output, err := filepath.Abs(o.Path); err == nil && c.Output == output {
			e := newEdits(ctx, v.flags.prove, ck, v.flags.roots, v.out.w)
			defer e.Close()
			return e.built(ctx, c, nil, o)
		}
	}
	return nil // from the standard input, or assembled
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
