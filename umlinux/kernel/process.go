package kernel

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"time"
)

// A runner starts the programs of a build.
type runner struct {
	log     io.Writer // gets all that they say
	logPath string    // where that can be read, "" when nowhere
	hold    *lock     // inherited by them; may be nil
	scratch string    // their TMPDIR, so that a small /tmp is no limit; "" leaves it
}

// command is one program to run. Its output goes to the runner's log.
type command struct {
	program string
	args    []string
	dir     string
	stdin   io.Reader
	env     []string
	line    func(string) // gets each line of the output; may be nil
}

// A CommandError says that a program failed, and what it said last.
type CommandError struct {
	Command string // the command line
	Err     error  // how it ended
	Tail    string // its last lines, or those that look like the reason
	Log     string // the file with all its output, or ""
}

func (e *CommandError) Error() string {
	text := fmt.Sprintf("%s: %v", e.Command, e.Err)
	if e.Tail != "" {
		text += "\n  " + strings.ReplaceAll(e.Tail, "\n", "\n  ")
	}
	if e.Log != "" {
		text += "\nall of its output is in " + e.Log
	}
	return text
}

func (e *CommandError) Unwrap() error { return e.Err }

// run runs a program to its end. A cancelled context ends it with everything
// that it started; the error then is the context's cause.
func (r *runner) run(ctx context.Context, c command) error {
	return r.start(ctx, c, nil)
}

// output is run, and returns what the program wrote to its standard output,
// up to a megabyte.
func (r *runner) output(ctx context.Context, c command) (string, error) {
	var stdout bytes.Buffer
	err := r.start(ctx, c, &boundedWriter{w: &stdout, left: 1 << 20})
	_, _ = r.log.Write(stdout.Bytes())
	return stdout.String(), err
}

// start runs a program; a nil stdout goes to the log.
func (r *runner) start(ctx context.Context, c command, stdout io.Writer) error {
	fmt.Fprintf(r.log, "$ %s %s\n", c.program, strings.Join(c.args, " "))
	lines := &lineWriter{log: r.log, line: c.line}
	p := exec.CommandContext(ctx, c.program, c.args...)
	p.Dir, p.Env, p.Stdin = c.dir, r.environment(c.env), c.stdin
	p.Stdout, p.Stderr = stdout, lines
	if stdout == nil {
		p.Stdout = lines
	}
	if r.hold != nil {
		p.ExtraFiles = []*os.File{r.hold.file}
	}
	ownGroup(p)
	p.Cancel = func() error { return terminateGroup(p.Process.Pid) }
	p.WaitDelay = 5 * time.Second

	// The parent-death signal comes when the thread that started the program
	// ends, so that thread must stay ours.
	runtime.LockOSThread()
	err := p.Run()
	runtime.UnlockOSThread()

	if ctx.Err() != nil {
		if p.Process != nil {
			_ = killGroup(p.Process.Pid)
		}
		return context.Cause(ctx)
	}
	lines.flush()
	if err == nil || errors.Is(err, exec.ErrWaitDelay) && p.ProcessState.Success() {
		return nil
	}
	return &CommandError{
		Command: strings.Join(append([]string{c.program}, c.args...), " "),
		Err:     err, Tail: lines.reason(), Log: r.logPath,
	}
}

// environment is what programs see of ours: enough to run, to find a proxy
// and a compiler cache. Things like MAKEFLAGS, ARCH or CROSS_COMPILE, set by
// a make that runs us or by the user's shell, would change the kernel.
func (r *runner) environment(more []string) []string {
	var env []string
	for _, v := range os.Environ() {
		name, _, _ := strings.Cut(v, "=")
		keep := slices.Contains([]string{"PATH", "HOME", "USER", "LOGNAME", "TMPDIR", "APT_CONFIG"}, name) ||
			strings.HasSuffix(strings.ToLower(name), "_proxy") || strings.HasPrefix(name, "CCACHE_")
		if keep {
			env = append(env, v)
		}
	}
	if r.scratch != "" {
		env = append(env, "TMPDIR="+r.scratch)
	}
	env = append(env, "LC_ALL=C")
	return append(env, more...)
}

// lineWriter cuts output into lines and keeps those that an error shows.
type lineWriter struct {
	log     io.Writer
	line    func(string)
	partial []byte
	last    []string // the last few lines
	reasons []string // the first few that name an error
}

const keptLines = 12

func (w *lineWriter) Write(p []byte) (int, error) {
	_, _ = w.log.Write(p)
	w.partial = append(w.partial, p...)
	for {
		end := bytes.IndexByte(w.partial, '\n')
		if end < 0 {
			return len(p), nil
		}
		w.take(string(w.partial[:end]))
		w.partial = w.partial[end+1:]
	}
}

func (w *lineWriter) flush() {
	if len(w.partial) > 0 {
		w.take(string(w.partial))
		w.partial = nil
	}
}

func (w *lineWriter) take(line string) {
	if w.line != nil {
		w.line(line)
	}
	if strings.TrimSpace(line) == "" {
		return
	}
	if w.last = append(w.last, line); len(w.last) > keptLines {
		w.last = w.last[1:]
	}
	isReason := strings.Contains(line, "rror:") || strings.HasPrefix(line, "E: ") ||
		strings.Contains(line, "undefined reference") || strings.Contains(line, "No space left on device")
	if isReason && len(w.reasons) < keptLines {
		w.reasons = append(w.reasons, line)
	}
}

// reason is what the program said about its failure, as far as can be told:
// make with several jobs goes on after the error that matters.
func (w *lineWriter) reason() string {
	if len(w.reasons) > 0 {
		return strings.Join(w.reasons, "\n")
	}
	return strings.Join(w.last, "\n")
}

// boundedWriter keeps the first bytes and lets the rest go.
type boundedWriter struct {
	w    io.Writer
	left int
}

func (b *boundedWriter) Write(p []byte) (int, error) {
	keep := p[:min(len(p), b.left)]
	b.left -= len(keep)
	if _, err := b.w.Write(keep); err != nil {
		return 0, err
	}
	return len(p), nil
}
