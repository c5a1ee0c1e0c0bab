package main

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/rules"
)

// formats are the values of --format, the default first.
var formats = []string{"text", "concise", "json", "json-lines", "sarif", "github", "gitlab", "junit"}

// reporter prints objects as they come, and the rest at the end.
type reporter interface {
	object(diag.Object) error
	end(diag.Document) error
}

func newReporter(w io.Writer, f outputFlags, k diag.Kernel, s *diag.Sources) reporter {
	switch f.format {
	case "concise":
		return objectReporter(func(o diag.Object) error { return diag.WriteConcise(w, o) })
	case "json-lines":
		return objectReporter(func(o diag.Object) error {
			render(&o, s)
			return diag.WriteJSONLines(w, k, o, f.most, moreJSON)
		})
	case "json":
		return documentReporter(func(d diag.Document) error {
			for i := range d.Objects {
				render(&d.Objects[i], s)
			}
			bounded, err := diag.Bound(d, f.most, moreJSON, diag.WriteJSON)
			if err != nil {
				return err
			}
			if bounded.LeftOut != nil && !f.quiet {
				fmt.Fprintf(os.Stderr, "bpfdiag: the JSON is not complete, left_out says what is missing; %s\n", moreJSON)
			}
			return diag.WriteJSON(w, bounded)
		})
	}
	report := newReport(s)
	for name, write := range map[string]func(io.Writer, diag.Document, diag.Report) error{
		"sarif": diag.WriteSARIF, "github": diag.WriteGitHub, "gitlab": diag.WriteGitLab, "junit": diag.WriteJUnit,
	} {
		if f.format == name {
			return documentReporter(func(d diag.Document) error { return write(w, d, report) })
		}
	}
	return newTextReporter(w, f, s)
}

// objectReporter prints each object for itself.
type objectReporter func(diag.Object) error

func (r objectReporter) object(o diag.Object) error { return r(o) }
func (objectReporter) end(diag.Document) error      { return nil }

// documentReporter prints all at the end.
type documentReporter func(diag.Document) error

func (documentReporter) object(diag.Object) error    { return nil }
func (r documentReporter) end(d diag.Document) error { return r(d) }

// newReport says from where reports name files: the root of the repository
// when a CI system tells it, the working folder otherwise.
func newReport(s *diag.Sources) diag.Report {
	dir, _ := os.Getwd()
	root := cmp.Or(os.Getenv("GITHUB_WORKSPACE"), os.Getenv("CI_PROJECT_DIR"), dir)
	if rel, err := filepath.Rel(root, dir); err != nil || !filepath.IsLocal(rel) {
		root = dir
	}
	return diag.Report{Sources: s, Pages: pages, Dir: dir, Root: root}
}

// pages finds the page of a code.
func pages(code string) (diag.Page, bool) {
	p, ok := rules.PageOf(code)
	return diag.Page{Summary: p.Summary, Markdown: p.Markdown}, ok
}
