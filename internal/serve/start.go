//go:build linux

package serve

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"time"

	"github.com/bpfdiag/bpfdiag/internal/check"
	"golang.org/x/sys/unix"
)

// startedLately is for how long nobody starts a server after somebody has: it may
// need the time, or end each time.
const startedLately = 5 * time.Second

// Await starts a server, unless there is one, and waits until it can be asked. It
// boots a guest for the question.
func (p *Place) Await(ctx context.Context, q *check.Question) error {
	conn, err := p.connect()
	if err == nil {
		conn.Close()
		return nil
	}
	if err := p.start(q); err != nil {
		return err
	}
	for wait := time.Millisecond; wait < 5*time.Second; wait = wait * 5 / 4 {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(wait):
		}
		if conn, err = p.connect(); err == nil {
			conn.Close()
			return nil
		}
	}
	return fmt.Errorf("the server that was started cannot be reached: %w", err)
}

// StartFor starts a server for the next time, with a guest for a question like q,
// unless that was tried a moment ago, or the server would run with this process's low
// priority for whoever asks it.
func (p *Place) StartFor(q *check.Question) error {
	if nice, err := syscall.Getpriority(syscall.PRIO_PROCESS, 0); err != nil || 20-nice > 0 {
		return err
	}
	dir, err := p.open(true)
	if err != nil {
		return err
	}
	defer dir.close()
	if info, err := os.Stat(dir.path(lockFile)); err == nil && time.Since(info.ModTime()).Abs() < startedLately {
		return nil
	}
	return p.start(q)
}

// start starts a server that belongs to nobody: in a session of its own, in the root
// folder, with nothing open that this process has open (make's jobs, a terminal, a
// pipe that somebody reads to its end), and with little of its environment.
func (p *Place) start(q *check.Question) error {
	dir, err := p.open(true)
	if err != nil {
		return err
	}
	defer dir.close()
	log, err := os.OpenFile(dir.path(logFile), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	lock, err := os.OpenFile(dir.path(lockFile), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	defer lock.Close()
	now := time.Now()
	_ = os.Chtimes(dir.path(lockFile), now, now)

	cmd := exec.Command("/proc/self/exe", "serve", "--kernel", q.Image.Name, "--jit", q.JIT)
	cmd.Args[0] = "bpfdiag"
	cmd.Dir = "/"
	cmd.Env = []string{"BPFDIAG_CACHE=" + p.cache}
	for _, name := range []string{"HOME", "TMPDIR", "XDG_RUNTIME_DIR"} {
		if v, ok := os.LookupEnv(name); ok {
			cmd.Env = append(cmd.Env, name+"="+v)
		}
	}
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	closeInChildren()
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start a server: %w", err)
	}
	return cmd.Process.Release()
}

// closeInChildren keeps children from what this process has inherited.
func closeInChildren() {
	if unix.CloseRange(3, ^uint(0)>>32, unix.CLOSE_RANGE_CLOEXEC) == nil {
		return
	}
	entries, _ := os.ReadDir("/proc/self/fd") // Linux before 5.11
	for _, e := range entries {
		if fd, err := strconv.Atoi(e.Name()); err == nil && fd > 2 {
			syscall.CloseOnExec(fd)
		}
	}
}
