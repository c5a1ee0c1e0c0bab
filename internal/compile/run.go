package compile

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Bounds of one compilation.
const (
	TimeLimit    = time.Minute // the context may set a shorter one
	MaxSaid      = 1 << 20     // bytes that are kept of what the compiler says
	maxOverlaid  = 64 << 20    // bytes of edited copies
	killPatience = 5 * time.Second
)

// Result is what came of a compilation.
type Result struct {
	Object     string   // in a private folder, until Close; empty when the compiler made none
	Files      []string // that were read, absolute, the source first; empty without an object
	Stderr     string   // what the compiler said, without colours
	Cut        bool     // it said more than MaxSaid
	Status     int      // exit status; 128 and the number for a signal
	AddedDebug bool     // the command lacks -g, and was run with it

	folder string
}

// Close removes the private folder, and the object with it. It may be called on
// nil and more than once.
func (r *Result) Close() {
	if r != nil && r.folder != "" {
		_ = os.RemoveAll(r.folder)
		r.folder = ""
	}
}

// Run runs a command into a private folder: nothing of the user's tree is
// written. Overlay has texts that stand in for files, by absolute path: unsaved
// buffers, edited copies. Debug information and messages name the files by the
// paths that they stand in for.
//
// Clang takes an overlay of any file, sources and headers. GCC takes one of the
// source alone; for another file it is an error (errors.Is ErrOverlay).
//
// A source that does not compile is no error: Result.Status and Stderr say it. An
// error is a compiler that is missing or cannot be run, a time limit, or ctx. The
// caller closes the result.
func Run(ctx context.Context, cmd Command, overlay map[string]string) (*Result, error) {
	line, err := ParseLine(cmd.Args, cmd.Dir)
	if err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp("", "bpfdiag-compile-")
	if err != nil {
		return nil, err
	}
	r := &Result{folder: folder}
	ctx, cancel := context.WithTimeoutCause(ctx, TimeLimit, fmt.Errorf("%s did not end in %v", line.Compiler, TimeLimit))
	defer cancel()
	j := job{cmd: cmd, line: line, result: r, overlay: maps.Clone(overlay)}
	j.otherNames()
	if err = j.run(ctx); err == nil && j.missed() {
		// The compiler has opened a file under another name than it has in the overlay.
		err = j.run(ctx)
	}
	if err != nil {
		r.Close()
		return nil, fmt.Errorf("compile %s: %w", cmd.Source, err)
	}
	return r, nil
}

// job is one compilation.
type job struct {
	cmd     Command
	line    *Line
	overlay map[string]string
	result  *Result
}

func (j *job) object() string { return filepath.Join(j.result.folder, "out.o") }
func (j *job) deps() string   { return filepath.Join(j.result.folder, "out.d") }

func (j *job) run(ctx context.Context) error {
	r := j.result
	args := privateArgs(j.line.Args)
	if r.AddedDebug = !j.line.Debug; r.AddedDebug {
		args = append(args, "-g")
	}
	args = append(args, "-o", j.object(), "-MD", "-MF", j.deps(), "-fno-diagnostics-color")
	args, stdin, err := j.overlaid(args)
	if err != nil {
		return err
	}
	compiler := j.line.Compiler
	if strings.Contains(compiler, "/") {
		compiler = j.cmd.Abs(compiler)
	}
	c := exec.CommandContext(ctx, compiler, args...)
	c.Dir = j.cmd.Dir
	// Compilers keep temporary files, and what is left of a crash, in TMPDIR.
	// Messages are read, so they have to be in English.
	c.Env = append(os.Environ(), "TMPDIR="+r.folder, "LC_ALL=C")
	c.Stdin = stdin
	said := &bounded{limit: MaxSaid}
	c.Stderr = said
	inGroup(c)
	c.WaitDelay = killPatience
	err = c.Run()
	r.Stderr, r.Cut = said.String(), said.cut
	r.Object, r.Files = "", nil
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.As(err, &exit):
		r.Status = Status(exit.ProcessState)
		return nil
	case err != nil:
		return fmt.Errorf("%w (%s)", err, j.cmd.From)
	}
	r.Status = 0
	if !isFile(j.object()) {
		return fmt.Errorf("%s made no object", j.line.Compiler)
	}
	r.Object = j.object()
	files, err := readDependencies(j.deps(), j.cmd.Dir)
	if err != nil {
		return err
	}
	r.Files = slices.Insert(slices.DeleteFunc(files, func(f string) bool { return f == j.cmd.Source }), 0, j.cmd.Source)
	return nil
}

// bounded keeps the beginning of what is written to it.
type bounded struct {
	text  []byte
	limit int
	cut   bool
}

func (b *bounded) Write(p []byte) (int, error) {
	n := min(len(p), b.limit-len(b.text))
	b.text = append(b.text, p[:n]...)
	b.cut = b.cut || n < len(p)
	return len(p), nil
}

func (b *bounded) String() string { return string(b.text) }
