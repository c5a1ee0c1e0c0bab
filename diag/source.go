package diag

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// Bounds of what is read: sources are small, and what an object names as its
// source can be anything.
const (
	maxSourceFile  = 8 << 20
	maxSourceCache = 64 << 20
	maxSourcePath  = 4096
)

// Sources finds and reads the source files that an object names. A nil
// *Sources has none. It may be used by several goroutines.
type Sources struct {
	dir   string   // the working folder
	roots []string // folders that the user named

	mu    sync.Mutex
	files map[string][]string // lines by path; nil for what cannot be shown
	bytes int
}

// NewSources returns the sources under the working folder, where the compiler
// says they are, and under roots.
func NewSources(roots ...string) *Sources {
	dir, _ := os.Getwd()
	return &Sources{dir: dir, roots: roots, files: map[string][]string{}}
}

// lines returns a file's lines without their ends, nil if there is no such
// file or it is not a text.
func (s *Sources) lines(path string) []string {
	if s == nil || len(path) > maxSourcePath || !isSourceName(path) {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if lines, known := s.files[path]; known {
		return lines
	}
	lines, size := readLines(path)
	if s.bytes += size; s.bytes > maxSourceCache {
		clear(s.files)
		s.bytes = size
	}
	s.files[path] = lines
	return lines
}

// isSourceName keeps objects from having other files shown, which matters
// where output is published: /etc/passwd is no source.
func isSourceName(path string) bool {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".c", ".h", ".cc", ".cpp", ".cxx", ".c++", ".hh", ".hpp", ".hxx", ".inc", ".inl", ".def",
		".s", ".y", ".l", ".ll", ".rs", ".go", ".zig", ".nim", ".d", ".bt", ".m4", ".in", ".skel":
		return true
	}
	return false
}

func readLines(path string) (lines []string, size int) {
	// A device or a pipe must not even be opened.
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() || info.Size() > maxSourceFile {
		return nil, 0
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, 0
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxSourceFile+1))
	if err != nil || len(text) > maxSourceFile || bytes.IndexByte(text[:min(len(text), 8192)], 0) >= 0 {
		return nil, 0
	}
	lines = strings.Split(string(text), "\n")
	for i := range lines {
		lines[i] = strings.TrimSuffix(lines[i], "\r")
	}
	if lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	return lines, len(text) + 16*len(lines)
}

// view is what can be shown of one file in one diagnostic.
type view struct {
	file []string       // the file's lines, nil when it is missing or another one
	own  map[int]string // lines that the object carries
}

// view compares the file with the lines that the diagnostic carries. Where one
// differs, the file was changed since, or is another one: then nothing of it
// is shown.
func (s *Sources) view(d *Diagnostic, path string) view {
	v := view{own: ownLines(d, path)}
	if lines := s.lines(path); matches(lines, v.own) {
		v.file = lines
	}
	return v
}

// line returns a line's text; ok is false when it is not known.
func (v view) line(n int) (text string, ok bool) {
	if n >= 1 && n <= len(v.file) {
		return v.file[n-1], true
	}
	text, ok = v.own[n]
	return text, ok
}

func ownLines(d *Diagnostic, file string) map[int]string {
	own := map[int]string{}
	for _, l := range d.Labels {
		if l.File == file && l.Line > 0 && strings.TrimSpace(l.Source) != "" {
			own[l.Line] = strings.TrimRight(l.Source, "\r\n")
		}
	}
	return own
}

// matches says whether a file has these lines, apart from white space.
func matches(file []string, own map[int]string) bool {
	for n, text := range own {
		if n > len(file) || !slices.Equal(strings.Fields(file[n-1]), strings.Fields(text)) {
			return false
		}
	}
	return true
}
