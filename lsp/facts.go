package lsp

import (
	"context"
	"slices"
	"time"

	"github.com/bpfdiag/bpfdiag/diag"
)

// maxFactInsns is how many instructions the verifier may have looked at in a
// program whose facts are told: their log has a line or two for each.
const maxFactInsns = 200_000

// facts are what the verifier knows of the variables of one object. They are found out
// when somebody asks, once, and go on to be when the one who asked does
// not want to wait any more: an editor asks again after each key.
type facts struct {
	ready chan struct{} // closed when the rest is there
	end   context.CancelFunc
	lines []factLine // in the order of files and lines
	err   error
}

// factLine is a line that follows the edits, and what is known at it.
type factLine struct {
	at *place
	FactLine
}

// factsOf waits for the facts of a unit's result; nil if there is none.
func (s *Server) factsOf(ctx context.Context, u *unit) (*facts, error) {
	s.mu.Lock()
	r := u.result
	if r == nil {
		s.mu.Unlock()
		return nil, nil
	}
	if r.facts == nil {
		s.findFacts(u, r)
	}
	f := r.facts
	s.mu.Unlock()
	select {
	case <-f.ready:
		return f, f.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// findFacts asks the first kernel. Server.mu is held.
func (s *Server) findFacts(u *unit, r *result) {
	ctx, cancel := context.WithCancel(s.ctx)
	f := &facts{ready: make(chan struct{}), end: cancel}
	r.facts = f
	kernel, programs := "", []string{}
	for _, p := range r.programs {
		if len(p.verdicts) == 0 {
			continue
		}
		v := &p.verdicts[0]
		if st := v.program.Stats; st != nil && st.Insns <= maxFactInsns && v.program.Verdict != diag.Error {
			kernel = v.asked
			programs = append(programs, p.name)
		}
	}
	settings, built := s.settingsOf(u.where()), r.built
	s.start(func() {
		defer cancel()
		defer close(f.ready)
		if len(programs) == 0 {
			return
		}
		lines, err := s.backend.Facts(ctx, settings, built, kernel, programs)
		s.mu.Lock()
		defer s.mu.Unlock()
		if f.err = err; err != nil || u.result != r {
			return
		}
		p := &placer{s: s, r: r, then: r.then, seen: map[string]*file{}}
		for _, l := range lines {
			if at := p.line(l.File, l.Line); at != nil {
				f.lines = append(f.lines, factLine{at, l})
			}
		}
		slices.SortStableFunc(f.lines, func(a, b factLine) int { return a.Line - b.Line })
	})
}

// line is the place of a whole line.
func (p *placer) line(path string, n int) *place {
	f, then := p.file(path)
	if f == nil || n < 1 || n > len(then.text.starts) {
		return nil
	}
	from, to := then.text.line(n - 1)
	return p.place(f, then, from, to, true)
}

// stop ends what finds out facts that nobody can ask for any more, unless it is
// about to end by itself: a guest would have to be killed for it.
func (f *facts) stop() { time.AfterFunc(grace, f.end) }
