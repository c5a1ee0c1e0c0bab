package lsp

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"sync/atomic"
	"time"
)

// slow is how long something takes before its progress is shown: what ends
// sooner would only flicker.
const slow = 500 * time.Millisecond

// progress shows that something is going on, and lets the user end it.
type progress struct {
	s     *Server
	timer *time.Timer
	token json.RawMessage
	shown chan bool // holds whether it is shown
}

var tokens atomic.Int64

// progress begins to be shown when it takes long. Cancelling it ends the
// unit's check.
func (s *Server) progress(ctx context.Context, title string, u *unit) *progress {
	p := &progress{s: s, shown: make(chan bool, 1)}
	p.shown <- false
	s.mu.Lock()
	can := s.client.Window.WorkDoneProgress
	s.mu.Unlock()
	if !can {
		return p
	}
	name := "bpfdiag/" + strconv.FormatInt(tokens.Add(1), 10)
	p.token, _ = json.Marshal(name)
	p.timer = time.AfterFunc(slow, func() {
		s.start(func() {
			if s.call("window/workDoneProgress/create", WorkDoneProgressCreateParams{name}, nil) != nil {
				return
			}
			// Helix shows a progress from its creation on, so one that was created ends,
			// whenever what it stands for did.
			begin := ProgressParams{p.token, WorkDone{Kind: "begin", Title: title, Cancellable: true}}
			if _, ok := <-p.shown; !ok {
				s.notify("$/progress", begin)
				s.notify("$/progress", ProgressParams{p.token, WorkDone{Kind: "end"}})
				return
			}
			s.mu.Lock()
			s.progresses[string(p.token)] = u.cancel
			s.mu.Unlock()
			s.notify("$/progress", begin)
			p.shown <- true
		})
	})
	return p
}

// end takes the progress away.
func (p *progress) end() {
	if p.timer == nil {
		return
	}
	p.timer.Stop()
	shown := <-p.shown
	close(p.shown)
	if !shown {
		return
	}
	p.s.mu.Lock()
	delete(p.s.progresses, string(p.token))
	p.s.mu.Unlock()
	p.s.notify("$/progress", ProgressParams{p.token, WorkDone{Kind: "end"}})
}

// cancelProgress is the user's wish to end what a progress is shown of.
func (s *Server) cancelProgress(p WorkDoneProgressCancelParams) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if cancel := s.progresses[string(p.Token)]; cancel != nil {
		cancel()
		return nil
	}
	return fmt.Errorf("there is no progress %.100s", p.Token)
}
