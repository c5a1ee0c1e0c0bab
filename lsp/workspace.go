package lsp

import (
	"encoding/json"
	"path/filepath"
	"slices"
)

const settingsSection = "bpfdiag"

// didChangeConfiguration takes new settings over, or asks for them, and verifies
// what is open with them.
func (s *Server) didChangeConfiguration(p DidChangeConfigurationParams) error {
	var sections map[string]json.RawMessage
	if json.Unmarshal(p.Settings, &sections) == nil {
		if own, ok := sections[settingsSection]; ok {
			s.set(own)
		}
	}
	s.start(func() {
		s.configure()
		s.mu.Lock()
		for _, u := range s.units {
			s.schedule(u, 0)
		}
		s.mu.Unlock()
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

// didChangeWatchedFiles verifies what was made from files that changed outside
// of the editor.
func (s *Server) didChangeWatchedFiles(p DidChangeWatchedFilesParams) error {
	find := false
	var changed []*file
	s.mu.Lock()
	for _, c := range p.Changes {
		path, err := pathOf(c.URI)
		if err != nil {
			continue
		}
		switch filepath.Base(path) {
		case "compile_commands.json", ".bpfdiag.toml":
			find = true
			continue
		}
		path = canonical(path)
		if f := s.files[path]; f != nil && !f.open {
			f.refresh()
			changed = append(changed, f)
		}
		for _, u := range s.units {
			open := s.files[path] != nil && s.files[path].open
			if u.Object == "" && u.files[path] && !open && s.settings.Verify != verifyCommand || u.Object != "" && canonical(u.Object) == path {
				s.schedule(u, settle)
			}
		}
	}
	s.mu.Unlock()
	s.publish(changed...)
	if find {
		s.start(s.findUnits)
	}
	return nil
}

// didChangeWorkspaceFolders opens and closes folders.
func (s *Server) didChangeWorkspaceFolders(p DidChangeWorkspaceFoldersParams) error {
	s.mu.Lock()
	for _, f := range p.Event.Removed {
		if path, err := pathOf(f.URI); err == nil {
			path = canonical(path)
			s.folders = slices.DeleteFunc(s.folders, func(o string) bool { return o == path })
		}
	}
	for _, f := range p.Event.Added {
		s.addFolder(f.URI)
	}
	// Objects of a folder that is gone are of no interest, unless a file of theirs
	// is open.
	for _, u := range s.units {
		if u.fixed && !slices.ContainsFunc(s.folders, func(f string) bool { return within(canonical(u.Object), f) }) {
			u.fixed = false
		}
	}
	changed := s.dropUnused()
	s.mu.Unlock()
	s.publish(changed...)
	s.start(s.findUnits)
	return nil
}
