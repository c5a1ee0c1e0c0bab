//go:build !unix

package compile

import (
	"os"
	"os/exec"
)

func inGroup(*exec.Cmd) {}

func status(s *os.ProcessState) int { return s.ExitCode() }
