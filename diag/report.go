package diag

import (
	"net/url"
	"path/filepath"
	"unicode/utf8"
)

// Report is what the formats for other programs need to know beside the
// document.
type Report struct {
	Sources *Sources
	Pages   Pages
	// Dir is the folder that paths in the document start from, Root the one
	// that paths in the report start from: a repository's root.
	Dir, Root string
}

// path is a file's path from Root, with slashes; absolute for a file that is
// not below it.
func (r Report) path(file string) string {
	abs := file
	if !filepath.IsAbs(abs) && r.Dir != "" {
		abs = filepath.Join(r.Dir, abs)
	}
	if rel, err := filepath.Rel(r.Root, abs); err == nil && r.Root != "" && filepath.IsLocal(rel) {
		return filepath.ToSlash(rel)
	}
	if r.Root == "" {
		abs = file
	}
	return filepath.ToSlash(filepath.Clean(abs))
}

// uri is path as a URI reference.
func (r Report) uri(file string) (uri string, relative bool) {
	p := r.path(file)
	u := url.URL{Path: p}
	if !filepath.IsAbs(filepath.FromSlash(p)) {
		return u.String(), true
	}
	u.Scheme = "file"
	return u.String(), false
}

// region is a label's place with columns in characters (code points), the end
// exclusive; zero where it is not known.
type region struct{ line, column, endLine, endColumn int }

// region converts a place of a diagnostic.
func (r Report) region(d *Diagnostic, file string, start, end Position) region {
	v := r.Sources.view(d, file)
	g := region{line: max(start.Line, 1), endLine: max(end.Line, start.Line, 1)}
	if start.Column > 0 {
		g.column = characters(v, start)
		if end.Column > 0 && (end.Line > start.Line || end.Column >= start.Column) {
			g.endColumn = characters(v, Position{g.endLine, end.Column})
		} else {
			g.endLine, g.endColumn = g.line, g.column+1
		}
	}
	return g
}

func (r Report) label(d *Diagnostic, l *Label) region {
	end := Position{l.EndLine, l.EndColumn}
	if l.EndLine <= l.Line {
		end.Line = l.Line
	}
	return r.region(d, l.File, Position{l.Line, l.Column}, end)
}

// characters turns a byte column into one of code points, both from 1.
func characters(v view, p Position) int {
	line, ok := v.line(p.Line)
	if !ok {
		return p.Column
	}
	n := min(p.Column-1, len(line))
	return utf8.RuneCountInString(line[:n]) + 1
}
