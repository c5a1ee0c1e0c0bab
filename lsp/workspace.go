package lsp

import (
	"encoding/json"
	"path/filepath"
)

const settingsSection = "bpfdiag"

// didChangeConfiguration takes new settings over, or asks for them, and verifies
// what is open with them.
func (s *Server) didChangeConfiguration(p DidChangeConfigurationParams) error {
	var sections map[string]json.RawMessage
	if json.Unmarshal(p.Settings, &sections) == nil {
		if own, ok := sections[settingsSection]; ok {
			s.set(own, nil, nil)
		}
	}
	s.start(func() {
		s.configure(true)
		s.publish(s.openFiles()...)
	})
	return nil
}

func (s *Server) openFiles() []*file {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []*file
	for _, f := range s.documents {
		all = append(all, f)
	}
	return all
}

// didChangeWatchedFiles looks at files that changed outside of the editor.
func (s *Server) didChangeWatchedFiles(p DidChangeWatchedFilesParams) error {
	for _, c := range p.Changes {
		if path, err := pathOf(c.URI); err == nil {
			s.changedOutside(path)
		}
	}
	return nil
}

// changedOutside verifies what was made from a file that changed outside of the editor.
func (s *Server) changedOutside(path string) {
	switch filepath.Base(path) {
	case "compile_commands.json", ".bpfdiag.toml":
		s.start(func() { s.findUnits(true) })
		return
	}
	s.mu.Lock()
	f := s.files[canonical(path)]
	if f == nil || f.open {
		s.mu.Unlock()
		return
	}
	f.refresh()
	for _, u := range s.unitsOf(f) {
		if u.Object == "" && s.settingsOf(u.where()).Verify != verifyCommand {
			s.schedule(u, settle)
		}
	}
	s.mu.Unlock()
	s.publish(f)
}

// objectChanged is called when an object that something else builds is new, changed
// or gone.
func (s *Server) objectChanged(path string) {
	s.mu.Lock()
	for _, u := range s.units {
		if u.Object != "" && u.Object == path {
			s.schedule(u, 0)
		}
	}
	s.mu.Unlock()
	s.findUnits(filepath.Base(path) == ".bpfdiag.toml")
}

// inFolder says whether a path is in a folder of the workspace. Server.mu is held.
func (s *Server) inFolder(path string) bool {
	for folder := range s.folders {
		if within(path, folder) {
			return true
		}
	}
	return false
}

// didChangeWorkspaceFolders opens and closes folders.
func (s *Server) didChangeWorkspaceFolders(p DidChangeWorkspaceFoldersParams) error {
	s.mu.Lock()
	for _, f := range p.Event.Removed {
		if path, err := pathOf(f.URI); err == nil {
			path = canonical(path)
			if end := s.folders[path]; end != nil {
				end()
				delete(s.folders, path)
			}
		}
	}
	for _, f := range p.Event.Added {
		s.addFolder(f.URI)
	}
	// Objects of a folder that is gone are of no interest, unless a file of theirs
	// is open.
	for _, u := range s.units {
		u.fixed = u.fixed && s.inFolder(canonical(u.Object))
	}
	changed := s.dropUnused()
	s.mu.Unlock()
	s.publish(changed...)
	s.start(func() { s.configure(false) })
	return nil
}
