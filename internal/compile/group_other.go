//go:build !unix

package compile

import (
	"os"
	"os/exec"
)

func inGroup(*exec.Cmd) {}

// Status is a compiler's exit status.
func Status(s *os.ProcessState) int { return s.ExitCode() }
