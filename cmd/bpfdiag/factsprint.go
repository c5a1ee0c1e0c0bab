package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/facts"
)

// factsDocument is the JSON form.
type factsDocument struct {
	Schema   int            `json:"schema"`
	Tool     diag.Tool      `json:"tool"`
	Kernel   diag.Kernel    `json:"kernel"`
	Object   string         `json:"object"`
	Programs []factsProgram `json:"programs"`
}

type factsProgram struct {
	Name    string      `json:"name"`
	Verdict string      `json:"verdict"`
	Error   string      `json:"error,omitempty"`
	Limits  []string    `json:"limits,omitempty"`
	Lines   []factsLine `json:"lines"`
}

type factsLine struct {
	File   string       `json:"file"`
	Line   int          `json:"line"`
	Source string       `json:"source,omitempty"`
	Facts  []facts.JSON `json:"facts"`
}

// read takes what is asked for from a program.
func (o *factsProgram) read(p *facts.Program, f *factsFlags, sources *diag.Sources, dir string) {
	o.Verdict = string(diag.Rejected)
	if p.Accepted {
		o.Verdict = string(diag.Accepted)
	}
	o.Limits, o.Lines = p.Limits, []factsLine{}
	files := p.Files()
	if f.line != "" {
		files = []string{p.Find(f.file)}
	}
	for _, file := range files {
		for _, n := range p.Lines(file) {
			if f.line != "" && n != f.n {
				continue
			}
			l := factsLine{File: file, Line: n}
			if text, ok := sources.Lines(p.Resolve(file), []string{dir}, n, ""); ok && n <= len(text) {
				l.Source = strings.TrimSpace(text[n-1])
			}
			for _, fact := range p.Line(file, n) {
				l.Facts = append(l.Facts, fact.JSON())
			}
			if len(l.Facts) > 0 {
				o.Lines = append(o.Lines, l)
			}
		}
	}
}

// text prints a program for people.
func (o *factsProgram) text(w io.Writer) error {
	var b bytes.Buffer
	if o.Error != "" {
		fmt.Fprintf(&b, "%s: %s\n", o.Name, o.Error)
	} else {
		fmt.Fprintf(&b, "%s: %s\n", o.Name, o.Verdict)
	}
	for _, l := range o.Limits {
		fmt.Fprintf(&b, "  note: %s\n", l)
	}
	for _, l := range o.Lines {
		fmt.Fprintf(&b, "%s:%d: %s\n", l.File, l.Line, l.Source)
		for _, f := range l.Facts {
			fmt.Fprintf(&b, "    %s: %s\n", f.Name, f.Text)
		}
	}
	_, err := w.Write(b.Bytes())
	return err
}

func (d *factsDocument) json(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(d)
}
