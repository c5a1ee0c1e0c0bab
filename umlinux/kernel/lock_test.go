package kernel

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "locks", "x.lock")
	ctx := context.Background()
	first, err := acquire(ctx, path, "building", func(string) { t.Error("waits for nobody") })
	if err != nil {
		t.Fatal(err)
	}
	holder := make(chan string, 1)
	second := make(chan *lock)
	go func() {
		l, err := acquire(ctx, path, "waiting", func(h string) { holder <- h })
		if err != nil {
			t.Error(err)
		}
		second <- l
	}()
	if h := <-holder; !strings.Contains(h, fmt.Sprintf("process %d, building", os.Getpid())) {
		t.Errorf("told to wait for %q", h)
	}
	select {
	case <-second:
		t.Fatal("two hold the lock")
	case <-time.After(250 * time.Millisecond):
	}
	first.release()
	l := <-second

	interrupted := errors.New("interrupted")
	short, cancel := context.WithCancelCause(ctx)
	_, err = acquire(short, path, "third", func(string) { cancel(interrupted) })
	if !errors.Is(err, interrupted) {
		t.Errorf("cancelled while waiting: %v", err)
	}
	l.release()
}
