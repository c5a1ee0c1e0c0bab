package kernel

import (
	"errors"
	"os"
	"os/exec"

	"golang.org/x/sys/unix"
)

func tryLock(f *os.File) (bool, error) {
	for {
		err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		switch {
		case errors.Is(err, unix.EINTR):
		case errors.Is(err, unix.EWOULDBLOCK):
			return false, nil
		default:
			return err == nil, err
		}
	}
}

func unlock(f *os.File) error { return unix.Flock(int(f.Fd()), unix.LOCK_UN) }

// ownGroup puts a program into a process group of its own, so that it can be
// ended with all that it starts and a terminal's Ctrl-C reaches only us. When
// we die without a chance to end it, it gets SIGTERM, which make hands down.
func ownGroup(c *exec.Cmd) {
	c.SysProcAttr = &unix.SysProcAttr{Setpgid: true, Pdeathsig: unix.SIGTERM}
}

func terminateGroup(leader int) error { return unix.Kill(-leader, unix.SIGTERM) }
func killGroup(leader int) error      { return unix.Kill(-leader, unix.SIGKILL) }

// exchange swaps two folders in one step, so that a reader sees the one or
// the other.
func exchange(a, b string) error {
	return unix.Renameat2(unix.AT_FDCWD, a, unix.AT_FDCWD, b, unix.RENAME_EXCHANGE)
}

// volume describes the file system that holds a folder.
func volume(folder string) (free int64, noexec bool, err error) {
	var s unix.Statfs_t
	if err := unix.Statfs(folder, &s); err != nil {
		return 0, false, err
	}
	return int64(s.Bavail) * int64(s.Bsize), s.Flags&unix.ST_NOEXEC != 0, nil
}
