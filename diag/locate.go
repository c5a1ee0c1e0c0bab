package diag

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// Locate replaces the paths in an object's diagnostics, which are as the
// compiler saw them, by paths that can be opened from the working folder; a
// path that leads nowhere stays. Dirs are folders that relative paths may start
// from, most likely first: those that the compiler worked in, the object's own.
//
// A file that differs from the lines that the object carries is not what was
// compiled. A note says so, once, and edits of it are no longer called safe.
func (s *Sources) Locate(o *Object, dirs ...string) {
	said := map[string]bool{}
	for i := range o.Programs {
		for j := range o.Programs[i].Diagnostics {
			s.locate(&o.Programs[i].Diagnostics[j], dirs, said)
		}
		if w := o.Programs[i].Work; w != nil {
			s.locateWork(w, dirs)
		}
	}
}

func (s *Sources) locate(d *Diagnostic, dirs []string, said map[string]bool) {
	found := map[string]string{}
	stale := map[string]bool{}
	place := func(file *string) {
		if *file == "" {
			return
		}
		path, known := found[*file]
		if !known {
			var old bool
			path, old = s.find(*file, dirs, ownLines(d, *file))
			found[*file] = path
			stale[path] = stale[path] || old
			if old && !said[path] {
				said[path] = true
				d.Notes = append(d.Notes, fmt.Sprintf("`%s` is not the file that was compiled; the lines shown are those that the object carries", path))
			}
		}
		*file = path
	}
	// ownLines goes by the paths in the labels, so these come last.
	for i := range d.Evidence {
		place(&d.Evidence[i].File)
	}
	for i := range d.Helps {
		for j := range d.Helps[i].Edits {
			e := &d.Helps[i].Edits[j]
			place(&e.File)
			if stale[e.File] {
				d.Helps[i].Applicability, d.Helps[i].Verified = Placeholder, false
			}
		}
	}
	for i := range d.Labels {
		for j := range d.Labels[i].InlinedFrom {
			place(&d.Labels[i].InlinedFrom[j].File)
		}
	}
	files := make([]string, len(d.Labels))
	for i := range d.Labels {
		files[i] = d.Labels[i].File
		place(&files[i])
	}
	for i := range d.Labels {
		l := &d.Labels[i]
		l.File = files[i]
		if l.Source == "" && !stale[l.File] {
			if text, ok := s.view(d, l.File).line(l.Line); ok && len(text) <= maxShownBytes {
				l.Source = text
			}
		}
	}
}

// find returns the path to show for a file, and whether what is there is not
// what was compiled.
func (s *Sources) find(file string, dirs []string, own map[int]string) (path string, stale bool) {
	if !strings.Contains(file, "/") && strings.Contains(file, `\`) {
		file = strings.ReplaceAll(file, `\`, "/") // compiled on Windows
	}
	if len(file) > maxSourcePath {
		return file, false
	}
	file = filepath.Clean(file)
	if s == nil {
		return file, false
	}
	// try accepts a file that has the object's lines, or may have them.
	old := ""
	try := func(path string) bool {
		lines := s.lines(path)
		if lines == nil {
			return false
		}
		if !matches(lines, own) {
			if old == "" {
				old = path
			}
			return false
		}
		return true
	}
	for _, p := range s.candidates(file, dirs) {
		if try(p) {
			return s.short(p), false
		}
	}
	// Only a guess: a file of the same name, somewhere near. It has to prove
	// itself.
	if len(own) > 0 {
		stood := old
		for _, dir := range append(slices.Clone(dirs), s.dir) {
			for _, tail := range tails(file) {
				if p := filepath.Join(dir, tail); try(p) {
					return s.short(p), false
				}
			}
		}
		old = stood
	}
	if old != "" {
		return s.short(old), true
	}
	return s.short(file), false
}

// candidates lists where a file has to be: where the compiler said, then under
// the folders that the user named, whole path or its end.
func (s *Sources) candidates(file string, dirs []string) []string {
	var all []string
	if filepath.IsAbs(file) {
		all = append(all, file)
	} else {
		for _, dir := range append(slices.Clone(dirs), s.dir) {
			all = append(all, filepath.Join(dir, file))
		}
	}
	for _, root := range s.roots {
		for _, tail := range tails(file) {
			all = append(all, filepath.Join(root, tail))
		}
	}
	return all
}

// tails lists the ends of a path, longest first: a/b/c.c, b/c.c, c.c.
func tails(file string) []string {
	parts := strings.FieldsFunc(filepath.ToSlash(file), func(r rune) bool { return r == '/' })
	for len(parts) > 0 && (parts[0] == ".." || strings.HasSuffix(parts[0], ":")) {
		parts = parts[1:]
	}
	parts = parts[max(0, len(parts)-32):]
	var all []string
	for i := range parts {
		all = append(all, strings.Join(parts[i:], "/"))
	}
	return all
}

// short makes a path relative to the working folder if it is below that.
func (s *Sources) short(path string) string {
	if filepath.IsAbs(path) && s.dir != "" {
		if rel, err := filepath.Rel(s.dir, path); err == nil && filepath.IsLocal(rel) {
			return rel
		}
	}
	return path
}

// Lines returns the text of a file that an object names, if it is what was
// compiled: its line n, as far as that is known, is text.
func (s *Sources) Lines(file string, dirs []string, n int, text string) ([]string, bool) {
	own := map[int]string{}
	if strings.TrimSpace(text) != "" {
		own[n] = text
	}
	path, stale := s.find(file, dirs, own)
	lines := s.lines(path)
	return lines, lines != nil && !stale
}
