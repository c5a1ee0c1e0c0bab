package lsp

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestProgressEnds: a client that is still creating a progress when the check has
// ended is told so. Helix would go on showing it.
func TestProgressEnds(t *testing.T) {
	creating := make(chan struct{})
	b := &fake{pause: func(ctx context.Context) {
		select {
		case <-creating:
		case <-ctx.Done():
		}
	}}
	c := begin(t, b, strings.TrimSuffix(everything, "}")+`, "window": {"workDoneProgress": true}}`)
	c.created = sync.OnceFunc(func() {
		close(creating)
		time.Sleep(200 * time.Millisecond) // longer than what is left of the check
	})
	c.expect(c.open("a.c", "BUG1\n"), "BUG1")
	c.wait("the progress' end", func() bool { return slices.Equal(c.progress, []string{"begin", "end"}) })
}
