package lsp

import (
	"context"
	"slices"
	"time"

	"github.com/bpfdiag/bpfdiag/diag"
)

// proofPatience is how long somebody who asks for fixes waits for those that are being tried.
const proofPatience = 5 * time.Second

// proof is the trial of a result's fixes.
type proof struct {
	end  context.CancelFunc
	done chan struct{} // closed at its end
}

// endProof ends the trial of a unit's fixes, if there is one. Server.mu is held.
func (u *unit) endProof() {
	if u.result != nil && u.result.proof != nil {
		u.result.proof.end()
	}
}

// awaitProof waits for the trial of a file's fixes, for some time.
func (s *Server) awaitProof(ctx context.Context, uri DocumentURI) {
	ctx, cancel := context.WithTimeout(ctx, proofPatience)
	defer cancel()
	var all []*proof
	s.mu.Lock()
	if f := s.openFile(uri); f != nil {
		for _, u := range s.unitsOf(f) {
			if u.result != nil && u.result.proof != nil {
				all = append(all, u.result.proof)
			}
		}
	}
	s.mu.Unlock()
	for _, p := range all {
		select {
		case <-p.done:
		case <-ctx.Done():
			return
		}
	}
}

// prove has the edits of a result's helps tried, after it was shown. What the verifier
// refuses is then no longer offered, what it accepts is said to be verified. It ends when
// the result is replaced, or the next check begins. Server.mu is held.
func (s *Server) prove(u *unit, r *result, verdicts []Verdict) {
	if !slices.ContainsFunc(r.findings, func(f *finding) bool { return len(f.fixes) > 0 }) {
		return
	}
	ctx, cancel := context.WithCancel(s.ctx)
	done := make(chan struct{})
	r.proof = &proof{cancel, done}
	settings, built := s.settingsOf(u.where()), r.built
	s.start(func() {
		defer close(done)
		defer cancel()
		defer s.caught()
		for i := range verdicts {
			o, err := s.backend.Prove(ctx, settings, built, verdicts[i])
			if err != nil {
				if ctx.Err() == nil {
					s.log(messageLog, built.Unit.Name+": not all edits were tried: "+err.Error())
				}
				if o.Path == "" {
					continue
				}
			}
			s.mu.Lock()
			if ctx.Err() != nil || u.result != r {
				s.mu.Unlock()
				return
			}
			changed := s.proven(r, verdicts[i].Kernel.Release, &o)
			s.mu.Unlock()
			s.publish(changed...)
		}
	})
}

// proven takes over what became of the helps of a kernel's findings. Server.mu is held.
func (s *Server) proven(r *result, kernel string, o *diag.Object) (changed []*file) {
	p := &placer{s: s, r: r, then: r.then, seen: map[string]*file{}}
	for _, prog := range o.Programs {
		for i := range prog.Diagnostics {
			d := &prog.Diagnostics[i]
			for _, f := range r.findings {
				if f.kernel != kernel || f.program != prog.Name || !sameFinding(&f.diag, d) {
					continue
				}
				f.diag.Helps = d.Helps
				f.fixes = p.fixes(d.Helps)
				if f.primary != nil {
					changed = append(changed, f.primary.file)
				}
			}
		}
	}
	return changed
}
