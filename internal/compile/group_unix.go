//go:build unix

package compile

import (
	"os"
	"os/exec"
	"syscall"
)

// inGroup has the command, and what it starts, killed together: a compiler's
// driver starts others.
func inGroup(c *exec.Cmd) {
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	c.Cancel = func() error { return syscall.Kill(-c.Process.Pid, syscall.SIGKILL) }
}

// Status is a compiler's exit status, as a shell has it: 128 and the number for
// a signal.
func Status(s *os.ProcessState) int {
	if w, ok := s.Sys().(syscall.WaitStatus); ok && w.Signaled() {
		return 128 + int(w.Signal())
	}
	return s.ExitCode()
}
