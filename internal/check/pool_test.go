package check

import (
	"testing"

	"github.com/bpfdiag/bpfdiag/umlinux/loader"
)

// TestPoolClosed: a guest whose work ends after its pool was closed ends, too.
func TestPoolClosed(t *testing.T) {
	p := NewPool(t.Context(), For(&loader.Kernel{}, Options{}, nil))
	kept, late := p.take(), p.take()
	p.give(kept)
	if n, _ := p.Idle(); n != 1 || kept.ctx.Err() != nil {
		t.Fatalf("%d guests stay up, %v", n, kept.ctx.Err())
	}
	p.Close()
	p.give(late)
	if n, _ := p.Idle(); n != 0 || kept.ctx.Err() == nil || late.ctx.Err() == nil {
		t.Errorf("%d guests stay up, %v, %v", n, kept.ctx.Err(), late.ctx.Err())
	}
}
