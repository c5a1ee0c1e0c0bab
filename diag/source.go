package diag

import (
	"bytes"
	"crypto/sha256"
	"io"
	"maps"
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
	dir   string            // the working folder
	roots []string          // folders that the user named
	texts map[string]string // what stands in for files, by path
	*sourceFiles

	// seen are the files that were looked for, if that is of interest.
	seen map[string]SourceSum
}

// sourceFiles are the files that were read.
type sourceFiles struct {
	mu    sync.Mutex
	files map[string]sourceFile
	bytes int
}

type sourceFile struct {
	lines []string // nil for what cannot be shown
	sum   SourceSum
}

// SourceSum identifies a file's content; it is zero for a file that cannot be
// shown, be it that there is none.
type SourceSum [sha256.Size]byte

// NewSources returns the sources under the working folder, where the compiler
// says they are, and under roots.
func NewSources(roots ...string) *Sources {
	dir, _ := os.Getwd()
	return NewSourcesIn(dir, roots...)
}

// NewSourcesIn returns the sources as a process in the folder dir, an absolute
// path, has them.
func NewSourcesIn(dir string, roots ...string) *Sources {
	return &Sources{dir: dir, roots: roots, sourceFiles: &sourceFiles{files: map[string]sourceFile{}}}
}

// Overlay returns sources in which texts stand in for files, by absolute path:
// what an editor has not saved.
func (s *Sources) Overlay(texts map[string]string) *Sources {
	o := *s
	o.texts = texts
	o.sourceFiles = &sourceFiles{files: map[string]sourceFile{}}
	return &o
}

// Watch returns the same sources, which from now on remember what Seen returns.
func (s *Sources) Watch() *Sources {
	if s == nil {
		return nil
	}
	w := *s
	w.seen = map[string]SourceSum{}
	return &w
}

// Seen returns the files that were looked for, found or not, since Watch.
func (s *Sources) Seen() map[string]SourceSum {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.seen)
}

// Sum returns what there is of a file.
func (s *Sources) Sum(path string) SourceSum { return s.file(path).sum }

// Folders returns the working folder and those that the user named: what
// decides, beside an object's own folder, where its files are looked for.
func (s *Sources) Folders() []string {
	if s == nil {
		return nil
	}
	return append([]string{s.dir}, s.roots...)
}

// lines returns a file's lines without their ends, nil if there is no such
// file or it is not a text.
func (s *Sources) lines(path string) []string { return s.file(path).lines }

func (s *Sources) file(path string) sourceFile {
	if s == nil || len(path) > maxSourcePath || !isSourceName(path) {
		return sourceFile{}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	f, known := s.files[path]
	if !known {
		var size int
		if text, ok := s.texts[s.abs(path)]; ok {
			f, size = sourceFileOf([]byte(text))
		} else {
			f, size = readSource(s.abs(path))
		}
		if s.bytes += size; s.bytes > maxSourceCache {
			clear(s.files)
			s.bytes = size
		}
		s.files[path] = f
	}
	if s.seen != nil {
		s.seen[path] = f.sum
	}
	return f
}

// abs is a path that short has made shorter.
func (s *Sources) abs(path string) string {
	if filepath.IsAbs(path) || s.dir == "" {
		return path
	}
	return filepath.Join(s.dir, path)
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

func readSource(path string) (file sourceFile, size int) {
	// A device or a pipe must not even be opened.
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() || info.Size() > maxSourceFile {
		return file, 0
	}
	f, err := os.Open(path)
	if err != nil {
		return file, 0
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxSourceFile+1))
	if err != nil {
		return file, 0
	}
	return sourceFileOf(text)
}

func sourceFileOf(text []byte) (file sourceFile, size int) {
	if len(text) > maxSourceFile || bytes.IndexByte(text[:min(len(text), 8192)], 0) >= 0 {
		return file, 0
	}
	lines := strings.Split(string(text), "\n")
	for i := range lines {
		lines[i] = strings.TrimSuffix(lines[i], "\r")
	}
	if lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	return sourceFile{lines, sha256.Sum256(text)}, len(text) + 16*len(lines)
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
