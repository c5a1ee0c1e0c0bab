package serve

import (
	"context"
	"sync"
	"time"

	"github.com/bpfdiag/bpfdiag/internal/check"
)

// maxPools is of how many kernels and JITs guests stay up.
const maxPools = 4

// Pools are guests of all kernels that are asked for. They may be used by several
// goroutines.
type Pools struct {
	ctx context.Context
	mu  sync.Mutex
	all map[string]*pool
}

type pool struct {
	*check.Pool
	end   context.CancelFunc
	users int
	used  time.Time
}

// NewPools returns pools whose guests end when ctx does.
func NewPools(ctx context.Context) *Pools { return &Pools{ctx: ctx, all: map[string]*pool{}} }

// Answer checks an object. Its error says that there is no answer.
func (ps *Pools) Answer(ctx context.Context, q *check.Question, object []byte) (*check.Answer, error) {
	p, err := ps.take(q)
	if err != nil {
		return nil, err
	}
	defer ps.give(p)
	return p.Answer(ctx, q, object)
}

// Warm boots a guest with the kernel and the JIT of a question.
func (ps *Pools) Warm(ctx context.Context, q *check.Question) error {
	p, err := ps.take(q)
	if err != nil {
		return err
	}
	defer ps.give(p)
	return p.Warm(ctx)
}

// Idle returns how many guests are up without work, and the bytes of the host's
// memory that they take.
func (ps *Pools) Idle() (guests, resident int) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	for _, p := range ps.all {
		n, bytes := p.Idle()
		guests, resident = guests+n, resident+bytes
	}
	return guests, resident
}

func (ps *Pools) take(q *check.Question) (*pool, error) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	key := q.PoolKey()
	p := ps.all[key]
	if p == nil {
		ctx, end := context.WithCancel(ps.ctx)
		guests, err := check.PoolOf(ctx, q)
		if err != nil {
			end()
			return nil, err
		}
		p = &pool{Pool: guests, end: end}
		ps.all[key] = p
	}
	p.users++
	p.used = time.Now()
	return p, nil
}

// give takes a pool back, and ends those that were not used for longest if there
// are too many.
func (ps *Pools) give(p *pool) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	p.users--
	for len(ps.all) > maxPools {
		oldest := ""
		for key, p := range ps.all {
			if p.users == 0 && (oldest == "" || p.used.Before(ps.all[oldest].used)) {
				oldest = key
			}
		}
		if oldest == "" {
			return
		}
		ps.all[oldest].end()
		ps.all[oldest].Close()
		delete(ps.all, oldest)
	}
}
