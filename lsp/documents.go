package lsp

import "fmt"

// didOpen takes a file over from the disk. A file that is open already is
// opened anew: its text is what the client says last.
func (s *Server) didOpen(p DidOpenParams) error {
	d := p.TextDocument
	path, err := pathOf(d.URI)
	if err != nil {
		return nil // something that is no file, such as a new one without a name
	}
	s.mu.Lock()
	f := s.fileAt(path)
	if old := s.documents[f.uri]; old == f && f.uri != d.URI {
		delete(s.documents, f.uri)
	}
	f.uri, f.open, f.version = d.URI, true, d.Version
	f.replace(d.Text)
	s.documents[d.URI] = f
	s.mu.Unlock()
	s.publish(f)
	s.find(f, false)
	return nil
}

// didChange makes edits. One that does not follow the version that is known (a
// notification that came twice, or late) would be made in another text than the
// client's, and is left out.
func (s *Server) didChange(p DidChangeParams) error {
	s.mu.Lock()
	f := s.documents[p.TextDocument.URI]
	if f == nil || p.TextDocument.Version <= f.version {
		s.mu.Unlock()
		return fmt.Errorf("version %d of %.200s is not the next one of an open file", p.TextDocument.Version, p.TextDocument.URI)
	}
	f.version = p.TextDocument.Version
	before := f.edited
	for _, c := range p.ContentChanges {
		if c.Range == nil {
			f.replace(c.Text)
			continue
		}
		start, end := f.text.offset(c.Range.Start, s.encoding), f.text.offset(c.Range.End, s.encoding)
		if start > end {
			start, end = end, start
		}
		if f.text.content[start:end] != c.Text {
			f.change(start, end, c.Text)
		}
	}
	if settings := s.settingsOf(f.path); f.edited != before && settings.Verify == verifyType {
		for _, u := range s.unitsOf(f) {
			s.schedule(u, settings.delay())
		}
	}
	s.mu.Unlock()
	s.publish(f)
	return nil
}

// didSave verifies at once.
func (s *Server) didSave(p TextDocumentParams) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.documents[p.TextDocument.URI]
	if f == nil || s.settingsOf(f.path).Verify == verifyCommand {
		return nil
	}
	for _, u := range s.unitsOf(f) {
		s.schedule(u, 0)
	}
	return nil
}

// didClose gives a file back to the disk.
func (s *Server) didClose(p TextDocumentParams) error {
	s.mu.Lock()
	f := s.documents[p.TextDocument.URI]
	if f == nil {
		s.mu.Unlock()
		return nil
	}
	delete(s.documents, p.TextDocument.URI)
	f.open = false
	f.refresh()
	changed := append(s.dropUnused(), f)
	s.mu.Unlock()
	s.publish(changed...)
	return nil
}
