package lsp

import "context"

// diagnostic is what a client that pulls asks for a file that it shows.
func (s *Server) diagnostic(_ context.Context, p DocumentDiagnosticParams) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.documents[p.TextDocument.URI]
	if f == nil {
		return full(nil, emptyReport), nil
	}
	items, id := s.report(f)
	s.reports[f] = id
	if id == p.PreviousResultID {
		return DiagnosticReport{Kind: reportUnchanged, ResultID: id}, nil
	}
	return full(items, id), nil
}

func full(items []Diagnostic, id string) DiagnosticReport {
	if items == nil {
		items = []Diagnostic{}
	}
	return DiagnosticReport{Kind: reportFull, ResultID: id, Items: &items}
}

// workspaceDiagnostic is asked for the files that no editor shows. It is answered
// when there is something new.
func (s *Server) workspaceDiagnostic(ctx context.Context, p WorkspaceDiagnosticParams) (any, error) {
	previous := map[DocumentURI]string{}
	for _, r := range p.PreviousResultIDs {
		previous[r.URI] = r.Value
	}
	for {
		s.mu.Lock()
		var news []WorkspaceDocumentReport
		for _, f := range s.files {
			if f.open {
				continue // asked for by itself
			}
			items, id := s.report(f)
			if old, known := previous[f.uri]; old == id || !known && id == emptyReport {
				continue
			}
			s.reports[f] = id
			news = append(news, WorkspaceDocumentReport{DiagnosticReport: full(items, id), URI: f.uri})
		}
		changed := s.changed
		s.mu.Unlock()
		if len(news) > 0 {
			return WorkspaceDiagnosticReport{news}, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}
