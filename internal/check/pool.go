package check

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/bpfdiag/bpfdiag/umlinux"
	"github.com/bpfdiag/bpfdiag/umlinux/loader"
)

const (
	// maxIdle is how many guests without work stay up.
	maxIdle = 2
	// maxResident is how much of the host's memory a guest without work may have, in
	// bytes. One has 23 MB when it is booted, about 0.1 MB more after each
	// object, and never gives anything back.
	maxResident = umlinux.DefaultMemory << 20 / 2
)

// Pool has guests that stay up between verifications, so that one begins
// without a boot. It may be used by several goroutines.
type Pool struct {
	ck  *Checker
	ctx context.Context // guests live no longer

	mu     sync.Mutex
	idle   []*guest
	closed bool
}

// guest is a machine that ends with its own context: a verification that is
// given up kills it, one that has ended leaves it.
type guest struct {
	machine *umlinux.Machine
	ctx     context.Context
	kill    context.CancelFunc
}

// NewPool returns a pool without a guest. They all end when ctx does.
func NewPool(ctx context.Context, ck *Checker) *Pool { return &Pool{ck: ck, ctx: ctx} }

// Checker returns the checker whose kernel the guests run.
func (p *Pool) Checker() *Checker { return p.ck }

// Do has f verify in a guest that is up, or in a new one that boots when it is
// first used. When ctx ends, the guest is killed. When somebody else kills it,
// f is called a second time. A guest that has grown, or has become large, is not kept.
func (p *Pool) Do(ctx context.Context, f func(loader.Machine) error) error {
	for again := true; ; again = false {
		l := &lease{guest: p.take(), ctx: ctx}
		stop := context.AfterFunc(ctx, l.kill)
		err := f(l)
		if !stop() || l.guest.ctx.Err() != nil || l.machine.Grown() || l.machine.Resident() > maxResident {
			l.close()
		} else {
			p.give(l.guest)
		}
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case !l.killed || !again:
			return err
		}
	}
}

// Warm boots a guest if none is up.
func (p *Pool) Warm(ctx context.Context) error {
	return p.Do(ctx, func(m loader.Machine) error {
		_, err := m.Do(ctx, []umlinux.Call{{Op: umlinux.OpReset, Slot: umlinux.NoSlot}}, time.Minute)
		return err
	})
}

func (p *Pool) take() *guest {
	p.mu.Lock()
	defer p.mu.Unlock()
	for n := len(p.idle); n > 0; n = len(p.idle) {
		g := p.idle[n-1]
		p.idle = p.idle[:n-1]
		if g.machine.Alive() {
			return g
		}
		g.close() // somebody killed it while it had nothing to do
	}
	g := &guest{machine: p.ck.Machine()}
	g.ctx, g.kill = context.WithCancel(p.ctx)
	return g
}

func (p *Pool) give(g *guest) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.idle) == maxIdle || p.closed || p.ctx.Err() != nil {
		g.close()
		return
	}
	p.idle = append(p.idle, g)
}

// Idle returns how many guests are up without work, and the bytes of the host's
// memory that they take.
func (p *Pool) Idle() (guests, resident int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, g := range p.idle {
		resident += g.machine.Resident()
	}
	return len(p.idle), resident
}

// Close ends the guests that have no work, and the others when theirs is done.
func (p *Pool) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	for _, g := range p.idle {
		g.close()
	}
	p.idle = nil
}

func (g *guest) close() {
	g.kill()
	g.machine.Close()
}

// lease is a guest for one verification.
type lease struct {
	*guest
	ctx    context.Context
	killed bool // by somebody
}

// Do is the machine's, in the guest's own context: the verification's would take the
// guest with it when it ends.
func (l *lease) Do(_ context.Context, calls []umlinux.Call, timeout time.Duration) ([]umlinux.Reply, error) {
	replies, err := l.machine.Do(l.guest.ctx, calls, timeout)
	if l.ctx.Err() != nil {
		return replies, l.ctx.Err()
	}
	var dead *umlinux.DeadError
	if errors.As(err, &dead) && dead.Cause == umlinux.Killed {
		l.killed = true
	}
	return replies, err
}

// Grow is the machine's.
func (l *lease) Grow() bool { return l.machine.Grow() }
