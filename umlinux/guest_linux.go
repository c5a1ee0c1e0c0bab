package umlinux

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Guest is a booted kernel. It is used by one goroutine at a time.
type Guest struct {
	Release string // what uname -r says in it

	cmd     *exec.Cmd
	conn    *net.UnixConn
	console *tail
	done    chan struct{} // closed when the process is gone
}

// Boot starts a guest and waits until it answers. Cancelling ctx later kills it.
func Boot(ctx context.Context, c Config) (*Guest, error) {
	if err := Supported(); err != nil {
		return nil, err
	}
	root, err := rootFS(c.Init)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("channel to the guest: %w", err)
	}
	theirs := os.NewFile(uintptr(fds[1]), "guest channel")
	ours := os.NewFile(uintptr(fds[0]), "host channel")
	conn, err := net.FileConn(ours)
	ours.Close()
	if err != nil {
		theirs.Close()
		return nil, fmt.Errorf("channel to the guest: %w", err)
	}
	g := &Guest{conn: conn.(*net.UnixConn), console: &tail{}, done: make(chan struct{})}

	g.cmd = exec.Command(c.Kernel)
	g.cmd.Args = c.CommandLine(3, 4)
	g.cmd.Env = []string{"HOME=/tmp/home"} // nothing of the user's environment concerns the guest
	g.cmd.Dir = "/"
	g.cmd.ExtraFiles = []*os.File{theirs, root} // 3 and 4
	g.cmd.Stdout, g.cmd.Stderr = g.console, g.console
	g.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	err = g.cmd.Start()
	theirs.Close() // or the guest's end would not be seen
	if err != nil {
		g.conn.Close()
		return nil, bootError(c, err, "")
	}
	go func() {
		g.cmd.Wait()
		close(g.done)
	}()
	stop := context.AfterFunc(ctx, g.kill)
	go func() {
		<-g.done
		stop()
	}()

	timeout := c.BootTimeout
	if timeout == 0 {
		timeout = 2 * time.Minute
	}
	g.conn.SetReadDeadline(time.Now().Add(timeout))
	hello, err := readReply(g.conn)
	if err == nil && hello.Value != protocolVersion {
		err = fmt.Errorf("the guest speaks protocol %d, not %d", hello.Value, protocolVersion)
	}
	if err != nil {
		timedOut := errors.Is(err, os.ErrDeadlineExceeded)
		exited := g.wait(timedOut)
		g.Close()
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if timedOut {
			err = fmt.Errorf("it did not answer within %v", timeout)
		} else if exited != nil {
			err = errors.New(exited.String())
		}
		return nil, bootError(c, err, g.console.String())
	}
	g.Release = string(hello.Log)
	return g, nil
}

// wait waits shortly for the process to end by itself, so that its console is
// complete, and kills it otherwise.
func (g *Guest) wait(now bool) *os.ProcessState {
	if !now {
		select {
		case <-g.done:
			return g.cmd.ProcessState
		case <-time.After(2 * time.Second):
		}
	}
	g.kill()
	<-g.done
	return nil
}

// Do makes calls in order, without waiting for one before sending the next,
// and returns a reply each. timeout bounds each call; 0 means none. If the
// guest dies or hangs, err is a *DeadError and the replies are those of the
// calls before the fatal one; the guest is then gone.
func (g *Guest) Do(ctx context.Context, calls []Call, timeout time.Duration) ([]Reply, error) {
	written := make(chan error, 1)
	go func() { written <- g.send(calls) }()
	replies := make([]Reply, 0, len(calls))
	for range calls {
		deadline := time.Time{}
		if timeout > 0 {
			deadline = time.Now().Add(timeout)
		}
		g.conn.SetReadDeadline(deadline)
		r, err := readReply(g.conn)
		if err != nil {
			dead := g.died(ctx, err, timeout)
			g.conn.Close()
			<-written
			return replies, dead
		}
		replies = append(replies, r)
	}
	return replies, <-written
}

// send writes calls in few, large writes.
func (g *Guest) send(calls []Call) error {
	var buf []byte
	for i := range calls {
		if err := calls[i].check(); err != nil {
			return err
		}
		buf = appendCall(buf, &calls[i])
		if len(buf) > 256<<10 || i == len(calls)-1 {
			if _, err := g.conn.Write(buf); err != nil {
				return err
			}
			buf = buf[:0]
		}
	}
	return nil
}

// died finds out what became of a guest that does not answer.
func (g *Guest) died(ctx context.Context, err error, timeout time.Duration) error {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		g.kill()
		<-g.done
		return &DeadError{Cause: Hung, Detail: fmt.Sprintf("no answer within %v", timeout)}
	}
	state := g.wait(false)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return deadError(state, g.console.String())
}

func (g *Guest) alive() bool {
	select {
	case <-g.done:
		return false
	default:
		return true
	}
}

// resident reads the second number of statm: the guest's memory is mapped in its
// first process.
func (g *Guest) resident() int {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", g.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(text), " ")
	pages, _, _ := strings.Cut(rest, " ")
	n, _ := strconv.Atoi(pages)
	return n * os.Getpagesize()
}

// Close ends the guest and frees what it used.
func (g *Guest) Close() {
	g.kill()
	<-g.done
	g.conn.Close()
}

func (g *Guest) kill() {
	// The whole group: with ptrace, the guest's processes are processes of
	// the host, too.
	syscall.Kill(-g.cmd.Process.Pid, syscall.SIGKILL)
}

// tail keeps the last part of what is written to it.
type tail struct {
	mu  sync.Mutex
	buf []byte
}

const tailSize = 64 << 10

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.buf = append(t.buf, p...)
	if len(t.buf) > 2*tailSize {
		t.buf = append([]byte(nil), t.buf[len(t.buf)-tailSize:]...)
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(bytes.ToValidUTF8(t.buf, []byte("?")))
}

// rootFS returns a guest's root file system, which is its init alone, in a file
// without a name.
func rootFS(init string) (*os.File, error) {
	data, err := os.ReadFile(init)
	if err != nil {
		return nil, fmt.Errorf("the guest's init: %w", err)
	}
	fd, err := unix.MemfdCreate("bpfdiag-initramfs", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("memory for the guest's file system: %w", err)
	}
	f := os.NewFile(uintptr(fd), "initramfs")
	if _, err := f.Write(Archive(File{"init", data, true})); err != nil {
		f.Close()
		return nil, fmt.Errorf("memory for the guest's file system: %w", err)
	}
	return f, nil
}
