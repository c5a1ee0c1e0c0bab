package main

import (
	"io"
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/fix"
)

// moreFixJSON is how to get what was left out.
const moreFixJSON = "--max-bytes N allows more, --max-bytes 0 everything"

// fixLeftOut says that a document of `bpfdiag fix` is not whole.
type fixLeftOut struct {
	MaxBytes int    `json:"max_bytes"`
	What     string `json:"what"`
	How      string `json:"how"` // to get it
}

// fixParts are what a document has beside the programs' verdicts, the most
// important first.
var fixParts = []string{"the changes", "the steps", "what is still wrong", "advice on that", "what was tried in vain", "evidence"}

// boundFix leaves out parts of a document until write makes no more than max bytes of
// it; 0 is no bound.
func boundFix(d fixDocument, max int, how string, write func(io.Writer, fixDocument) error) (fixDocument, error) {
	if max <= 0 {
		return d, nil
	}
	with := func(parts int) fixDocument {
		if parts == len(fixParts) {
			return d
		}
		out := withFixParts(d, parts)
		what := ""
		for i, part := range fixParts[parts:] {
			if i > 0 {
				what += ", "
			}
			what += part
		}
		out.LeftOut = &fixLeftOut{max, what, how}
		return out
	}
	parts, err := diag.Fit(len(fixParts), max, func(k int, w io.Writer) error { return write(w, with(k)) })
	return with(parts), err
}

// withFixParts is a copy of a document with the first of fixParts.
func withFixParts(d fixDocument, parts int) fixDocument {
	has := func(part int) bool { return parts > part }
	if !has(0) {
		changes := []fix.Change{}
		for _, c := range d.Changes {
			changes = append(changes, fix.Change{Path: c.Path})
		}
		d.Changes = changes
	}
	targets := []fix.Report{}
	for _, t := range d.Targets {
		t.Command, t.CommandFrom, t.Notes = nil, "", nil
		t.Error, _ = cutLines(t.Error, 3000)
		steps := t.Steps
		t.Steps = nil
		for _, s := range steps {
			if !has(4) {
				s.Refused, s.Help.Edits = nil, nil
			}
			if has(1) {
				t.Steps = append(t.Steps, s)
			}
		}
		programs := t.Programs
		t.Programs = nil
		for _, p := range programs {
			if g := p.Diagnostic; g != nil {
				p.Diagnostic = nil
				switch {
				case has(3):
					copy := *g
					copy.Evidence = nil
					p.Diagnostic = &copy
				case has(2):
					brief := g.Brief()
					p.Diagnostic = &brief
				}
			}
			t.Programs = append(t.Programs, p)
		}
		targets = append(targets, t)
	}
	d.Targets = targets
	return d
}

// cutLines is the beginning of a text, whole lines of at most max bytes (or a part of
// the first one), and whether that is all of it.
func cutLines(text string, max int) (string, bool) {
	if len(text) <= max {
		return text, true
	}
	text = strings.ToValidUTF8(text[:max], "")
	if n := strings.LastIndexByte(text, '\n'); n > 0 {
		text = text[:n+1]
	}
	return text, false
}
