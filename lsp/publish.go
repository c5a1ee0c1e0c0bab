package lsp

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
)

// pulls says whether the client asks for diagnostics, in place of being sent
// them. It has to be one that asks again when it is told to: a verdict comes when no
// text has changed. Server.mu is held.
func (s *Server) pulls() bool {
	return s.client.TextDocument.Diagnostic != nil && s.client.Workspace.Diagnostics.RefreshSupport
}

// publish makes what is known of some files known to the client. While a file is
// open, it is of the version that the client last told.
func (s *Server) publish(files ...*file) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.phase != phaseRunning {
		return
	}
	seen := map[*file]bool{}
	files = slices.DeleteFunc(files, func(f *file) bool {
		twice := seen[f]
		seen[f] = true
		return twice
	})
	if s.pulls() {
		for _, f := range files {
			_, id := s.report(f)
			if s.reports[f] == id || id == emptyReport && s.reports[f] == "" {
				continue
			}
			s.reports[f] = id
			s.askRefresh("workspace/diagnostic/refresh")
			close(s.changed)
			s.changed = make(chan struct{})
		}
		return
	}
	for _, f := range files {
		items, id := s.report(f)
		if id == emptyReport && (s.reports[f] == "" || s.reports[f] == emptyReport) {
			continue // there is nothing to say, and nothing to take back
		}
		if s.reports[f] = id; !f.open && id == emptyReport {
			delete(s.reports, f)
		}
		p := PublishDiagnosticsParams{URI: f.uri, Diagnostics: items}
		if f.open {
			v := f.version
			p.Version = &v
		}
		s.notify("textDocument/publishDiagnostics", p)
	}
}

// emptyReport is the name of a report without diagnostics.
const emptyReport = "0"

// report is what is shown of a file, and a name for just that. Server.mu is
// held.
func (s *Server) report(f *file) (items []Diagnostic, id string) {
	items = s.diagnostics(f)
	if len(items) == 0 {
		return items, emptyReport
	}
	text, _ := json.Marshal(items)
	sum := sha256.Sum256(text)
	return items, hex.EncodeToString(sum[:8])
}

// refreshRest has the client ask anew for what it shows beside diagnostics.
func (s *Server) refreshRest() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.client.Workspace.CodeLens.RefreshSupport {
		s.askRefresh("workspace/codeLens/refresh")
	}
	if s.client.Workspace.InlayHint.RefreshSupport {
		s.askRefresh("workspace/inlayHint/refresh")
	}
}

// askRefresh sends a request for a refresh, and one more if another is wanted before it
// is answered: a client that is slow gets no more of them. Server.mu is held.
func (s *Server) askRefresh(method string) {
	if _, asked := s.refreshing[method]; asked {
		s.refreshing[method] = true
		return
	}
	s.refreshing[method] = false
	s.start(func() {
		for {
			s.call(method, nil, nil)
			s.mu.Lock()
			again := s.refreshing[method] && s.phase == phaseRunning && s.ctx.Err() == nil
			if s.refreshing[method] = false; !again {
				delete(s.refreshing, method)
			}
			s.mu.Unlock()
			if !again {
				return
			}
		}
	})
}
