package lsp

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"sync"
)

// run compiles and verifies a unit once, and shows what came of it.
func (s *Server) run(ctx context.Context, u *unit) {
	defer s.caught()
	select {
	case s.slots <- struct{}{}:
		defer func() { <-s.slots }()
	case <-ctx.Done():
		return
	}
	s.mu.Lock()
	what := u.Unit
	u.endProof() // of a text that is no longer there
	s.mu.Unlock()
	p := s.progress(ctx, "Verifying "+filepath.Base(what.Name), u)
	defer p.end()

	s.mu.Lock()
	settings, then := s.settingsOf(what.where()), map[string]snapshot{}
	texts := map[string]string{}
	for _, f := range s.documents {
		then[f.path] = f.snapshot()
		texts[f.path] = f.text.content
	}
	s.mu.Unlock()

	built, err := s.backend.Build(ctx, settings, what, texts)
	if err != nil {
		s.failed(ctx, u, err, then)
		return
	}
	verdicts, err := s.verify(ctx, settings, built, p)
	if err != nil {
		s.failed(ctx, u, err, then)
		return
	}
	s.commit(ctx, u, built, verdicts, then)
}

// verify asks the kernels side by side.
func (s *Server) verify(ctx context.Context, settings Settings, b Built, p *progress) ([]Verdict, error) {
	kernels := settings.Kernels
	if len(kernels) == 0 {
		kernels = b.Kernels
	}
	if len(kernels) == 0 {
		kernels = []string{""}
	}
	verdicts := make([]Verdict, len(kernels))
	errs := make([]error, len(kernels))
	var all sync.WaitGroup
	for i, k := range kernels {
		all.Go(func() {
			defer func() {
				if r := recover(); r != nil {
					errs[i] = fmt.Errorf("internal error: %v", r)
				}
			}()
			verdicts[i], errs[i] = s.backend.Verify(ctx, settings, b, k)
			verdicts[i].Asked = k
		})
	}
	all.Wait()
	// A kernel that is missing does not silence the others.
	var good []Verdict
	for i, err := range errs {
		switch {
		case err == nil:
			good = append(good, verdicts[i])
		case ctx.Err() == nil && len(kernels) > 1:
			s.sayOnce(messageWarning, "bpfdiag: "+err.Error())
		}
	}
	if len(good) == 0 {
		return nil, errors.Join(errs...)
	}
	return good, nil
}

// failed says why a unit has no verdict. Where the compiler refused the text, what was
// known of the one before it stays, and what its back end said is shown; the rest of
// its words the language's own server shows. In all other cases nothing is known any
// more. then is the text that was compiled, of the files that were open.
func (s *Server) failed(ctx context.Context, u *unit, err error, then map[string]snapshot) {
	if ctx.Err() != nil {
		return
	}
	var refused *CompileError
	var changed []*file
	s.mu.Lock()
	switch {
	case errors.As(err, &refused):
		u.trouble = "does not compile"
		changed = u.accept()
		if len(refused.Diagnostics) > 0 && !u.dropped {
			u.refusal = s.newRefusal(u, refused.Diagnostics, then)
			for f := range u.refusal.files {
				changed = append(changed, f)
			}
		}
	case errors.Is(err, fs.ErrNotExist) && u.Object != "":
		u.trouble = "not built"
		changed = u.clear()
	default:
		u.trouble = "not verified: " + firstLine(err.Error())
		changed = u.clear()
	}
	said, name := u.trouble, u.Name
	s.mu.Unlock()
	switch said {
	case "does not compile", "not built":
		s.log(messageLog, name+": "+err.Error())
	default:
		s.sayOnce(messageWarning, "bpfdiag: "+err.Error())
	}
	s.publish(changed...)
	s.refreshRest()
}

// commit replaces what is known of a unit. then is the text that was compiled,
// of the files that were open.
func (s *Server) commit(ctx context.Context, u *unit, b Built, verdicts []Verdict, then map[string]snapshot) {
	s.mu.Lock()
	if ctx.Err() != nil || u.dropped {
		s.mu.Unlock()
		return
	}
	changed := u.clear()
	u.trouble = ""
	u.files = map[string]bool{}
	if u.Source != "" {
		u.files[canonical(u.Source)] = true
	}
	for _, path := range b.Files {
		u.files[canonical(path)] = true
	}
	r := s.newResult(u, verdicts, then)
	r.built, r.then = b, then
	u.result = r
	s.prove(u, r, verdicts)
	for f := range r.files {
		changed = append(changed, f)
	}
	s.mu.Unlock()
	s.publish(changed...)
	s.refreshRest()
}
