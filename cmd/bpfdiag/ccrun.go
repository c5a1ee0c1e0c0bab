package main

import (
	"context"
	"debug/elf"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"time"

	"github.com/bpfdiag/bpfdiag/internal/compile"
	"github.com/spf13/cobra"
)

// runCC compiles, then verifies. What does not make a BPF object costs no more
// than taking the command line apart.
func runCC(c *cobra.Command, f *ccFlags, args []string) error {
	line, err := compile.ParseLine(args, ".")
	if err != nil || len(line.Objects()) == 0 {
		return become(c.Context(), args)
	}
	conf, err := ccSettings(line)
	if err != nil {
		return err
	}
	if err := f.layers(c.Flags(), conf); err != nil {
		return err
	}
	if f.off {
		return become(c.Context(), args)
	}
	if err := f.check(); err != nil {
		return err
	}
	out := newCCReport(c.ErrOrStderr(), f, line)
	if err := runCompiler(c.Context(), args, line, out); err != nil {
		return err
	}
	return verifyCompiled(c.Context(), f, line, out)
}

// runCompiler runs the compiler with what it says going through the report.
func runCompiler(ctx context.Context, args []string, line *compile.Line, out *ccReport) error {
	if out.text.Color && line.Option("-fcolor-diagnostics", "-fno-color-diagnostics", "-fdiagnostics-color", "-fno-diagnostics-color") == "" {
		// The compiler does not see the terminal that its words end up on.
		at := len(line.Launcher) + 1
		args = append(append(append([]string{}, args[:at]...), "-fdiagnostics-color=always"), args[at:]...)
	}
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Cancel = func() error { return interrupt(cmd.Process) }
	cmd.WaitDelay = 5 * time.Second
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, out
	err := cmd.Run()
	if ended := out.compilerEnds(err != nil); ended != nil {
		return ended
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exitCode(compile.Status(exit.ProcessState))
	}
	return err
}

// verifyCompiled verifies the objects that the line has made. What is not
// accepted is removed: an object that is there counts as done for the next make.
func verifyCompiled(ctx context.Context, f *ccFlags, line *compile.Line, out *ccReport) error {
	v := &ccVerifier{flags: f, line: line, out: out}
	defer func() { leaveServer(ctx, out.w, v.checkers...) }()
	var made []*outdated
	for _, path := range line.Objects() {
		if hasPrograms(path) {
			made = append(made, outdate(path))
		}
	}
	var code exitCode
	for _, o := range made {
		status, err := v.verify(ctx, o.path)
		switch {
		case err == nil && (status == exitOK || f.warn):
			o.restore()
		case err == nil:
			code = max(code, status)
			o.remove()
		default:
			for _, o := range made {
				o.remove()
			}
			return err
		}
	}
	if code != exitOK {
		return code
	}
	return nil
}

// outdated is an object that looks older than everything, so that a build that
// is broken off here does not find it up to date.
type outdated struct {
	path string
	time time.Time
	done bool
}

func outdate(path string) *outdated {
	o := &outdated{path: path}
	if info, err := os.Stat(path); err == nil {
		o.time = info.ModTime()
		_ = os.Chtimes(path, time.Time{}, time.Unix(1, 0))
	}
	return o
}

func (o *outdated) restore() {
	o.done = true
	_ = os.Chtimes(o.path, time.Time{}, o.time)
}

func (o *outdated) remove() {
	if !o.done {
		o.done = true
		_ = os.Remove(o.path)
	}
}

// hasPrograms says whether a file is a BPF object with something to verify: code
// outside of .text, where functions are that programs call. A build's probes for
// what the compiler can do have none. Big-endian objects no kernel here can
// judge; who builds them (bpf2go) builds their twins too.
func hasPrograms(path string) bool {
	// A device is not even opened.
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
		return false
	}
	f, err := elf.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	return f.Data == elf.ELFDATA2LSB && slices.ContainsFunc(f.Sections, func(s *elf.Section) bool {
		return s.Type == elf.SHT_PROGBITS && s.Flags&elf.SHF_EXECINSTR != 0 && s.Size > 0 && s.Name != ".text"
	})
}

// notVerified is why nothing could be verified at all.
func notVerified(path string, err error) error {
	return fmt.Errorf("%s is not verified: %w", path, err)
}
