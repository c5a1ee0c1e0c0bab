//go:build unix

package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"syscall"
)

// become replaces this process by a command.
func become(_ context.Context, args []string) error {
	path, err := exec.LookPath(args[0])
	if err != nil {
		return err
	}
	return fmt.Errorf("%s: %w", path, syscall.Exec(path, args, os.Environ()))
}

// interrupt asks a compiler to end, so that it removes what it has begun.
func interrupt(p *os.Process) error { return p.Signal(syscall.SIGTERM) }
