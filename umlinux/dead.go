package umlinux

import (
	"fmt"
	"os"
	"strings"
	"syscall"
)

// Cause says how a guest ended.
type Cause string

// The causes.
const (
	Killed      Cause = "killed"
	Hung        Cause = "hung"
	OutOfMemory Cause = "out of memory"
	Panicked    Cause = "panicked"
	Exited      Cause = "exited"
)

// DeadError is the error of calls whose guest went away while it worked on one.
type DeadError struct {
	Cause  Cause
	Detail string // the kernel's last words, or what the host saw
}

func (e *DeadError) Error() string {
	switch e.Cause {
	case Hung:
		return "the guest kernel hung: " + e.Detail
	case OutOfMemory:
		return "the guest kernel ran out of memory (`--memory MIB` gives it more): " + e.Detail
	case Panicked:
		return "the guest kernel panicked: " + e.Detail
	}
	return fmt.Sprintf("the guest kernel was %s: %s", e.Cause, e.Detail)
}

// deadError finds the cause of an unexpected end; state is nil when the
// process had to be killed.
func deadError(state *os.ProcessState, console string) *DeadError {
	if msg := panicMessage(console); msg != "" {
		if strings.Contains(msg, "ut of memory") || strings.Contains(msg, "panic_on_oom") {
			return &DeadError{OutOfMemory, msg}
		}
		return &DeadError{Panicked, msg}
	}
	if state == nil {
		return &DeadError{Hung, "it closed the channel but did not exit"}
	}
	if ws, ok := state.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
		if ws.Signal() == syscall.SIGBUS {
			return &DeadError{OutOfMemory, "the host has no memory left for the guest (SIGBUS)"}
		}
		return &DeadError{Killed, "by " + ws.Signal().String()}
	}
	return &DeadError{Exited, state.String()}
}

// panicMessage returns what a kernel said when it panicked, empty if it did not.
func panicMessage(console string) string {
	_, msg, ok := strings.Cut(console, "Kernel panic - not syncing: ")
	if !ok {
		return ""
	}
	msg, _, _ = strings.Cut(msg, "\n")
	return strings.TrimSpace(msg)
}

// BootError says why a guest could not be started, and what to do about it.
type BootError struct {
	Kernel  string
	Err     error
	Advice  string
	Console string // the last lines that the kernel wrote
}

func (e *BootError) Unwrap() error { return e.Err }

func (e *BootError) Error() string {
	s := fmt.Sprintf("cannot boot the kernel %s: %v", e.Kernel, e.Err)
	if e.Console != "" {
		s += "\n  it said: " + strings.ReplaceAll(e.Console, "\n", "\n           ")
	}
	if e.Advice != "" {
		s += "\n  " + e.Advice
	}
	return s
}

func bootError(c Config, err error, console string) error {
	e := &BootError{Kernel: c.Kernel, Err: err}
	lines := strings.Split(strings.TrimSpace(console), "\n")
	e.Console = strings.Join(lines[max(0, len(lines)-40):], "\n")
	has := func(s string) bool { return strings.Contains(console, s) || strings.Contains(err.Error(), s) }
	switch {
	case has("exec format error"), has("no such file"):
		e.Advice = "the kernel file is damaged or missing; build it again with `bpfdiag kernel build --force`"
	case has("permission denied"):
		e.Advice = "the kernel file is not executable, or its folder is mounted noexec; set BPFDIAG_CACHE to a folder that is not"
	case has("ptrace"), has("PTRACE"):
		e.Advice = "this machine forbids ptrace (a container's seccomp profile, or kernel.yama.ptrace_scope=3), which this kernel needs; kernels from 7.2 on do without: `--kernel 7.2`"
	case has("ENOMEM"), has("Cannot allocate memory"), has("bus error"):
		e.Advice = "there is not enough memory for the guest; `--memory MIB` makes it smaller"
	}
	return e
}
