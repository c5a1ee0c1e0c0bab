//go:build !linux

package kernel

import (
	"errors"
	"os"
	"os/exec"
)

// Nothing is built on other systems (see supported), so that nobody competes
// for a kernel and nothing needs to be run.

var errNeedsLinux = errors.New("needs Linux")

func tryLock(*os.File) (bool, error) { return true, nil }
func unlock(*os.File) error          { return nil }

func ownGroup(*exec.Cmd)       {}
func terminateGroup(int) error { return errNeedsLinux }
func killGroup(int) error      { return errNeedsLinux }

func exchange(_, _ string) error { return errNeedsLinux }

func volume(string) (free int64, noexec bool, err error) { return 0, false, errNeedsLinux }
