package kernel

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// A lock is held by one process at a time and, since it is the open file that
// the kernel's flock attaches to, by the programs that inherit the file: when
// a build is killed, what it had started keeps the lock until it has ended too.
type lock struct{ file *os.File }

// lockPath is outside of what gets removed and renamed; lock files stay.
func lockPath(cache, what string) string { return filepath.Join(cache, "locks", what+".lock") }

// acquire takes the lock, calling waiting once with whoever holds it if that
// takes time. purpose tells others what it is held for.
func acquire(ctx context.Context, path, purpose string, waiting func(holder string)) (*lock, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	for told := false; ; {
		held, err := tryLock(f)
		if err != nil {
			f.Close()
			return nil, fmt.Errorf("lock %s: %w", path, err)
		}
		if held {
			// Only for the message of whoever waits; failing to write it is no harm.
			_ = f.Truncate(0)
			_, _ = f.WriteAt(fmt.Appendf(nil, "process %d, %s\n", os.Getpid(), purpose), 0)
			return &lock{f}, nil
		}
		if !told {
			waiting(holderOf(f))
			told = true
		}
		select {
		case <-ctx.Done():
			f.Close()
			return nil, context.Cause(ctx)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func holderOf(f *os.File) string {
	text, err := io.ReadAll(io.NewSectionReader(f, 0, 200))
	if holder := strings.TrimSpace(string(text)); err == nil && holder != "" {
		return holder
	}
	return "another process"
}

func (l *lock) release() {
	_ = l.file.Truncate(0)
	_ = unlock(l.file)
	l.file.Close()
}
