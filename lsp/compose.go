package lsp

import (
	"slices"
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
)

// source is what every diagnostic calls itself.
const source = "bpfdiag"

// maxRelated bounds what is said beside one diagnostic.
const maxRelated = 24

// DiagnosticData tells clients of commands what a diagnostic is about.
type DiagnosticData struct {
	Object  string `json:"object"`
	Program string `json:"program,omitempty"`
	Kernel  string `json:"kernel,omitempty"`
	Code    string `json:"code,omitempty"`
}

// message is all that is said in one text: the headline, what the primary label
// says, the notes, the advice that is no edit, and the kernel's words.
func (f *finding) message() string {
	var b strings.Builder
	b.WriteString(f.diag.Message)
	line := func(head, s string) {
		if s = strings.TrimSpace(s); s != "" {
			b.WriteString("\n" + head + strings.ReplaceAll(s, "\n", "\n  "))
		}
	}
	if l := primaryLabel(&f.diag); l != nil {
		line("", l.Text)
		for _, c := range l.InlinedFrom {
			line("", "inlined into `"+c.Function+"`")
		}
	}
	for _, n := range f.diag.Notes {
		line("note: ", n)
	}
	if len(f.diag.AlsoIn) > 0 {
		line("note: ", "the same in "+quoted(f.diag.AlsoIn))
	}
	if len(f.accepted) > 0 {
		line("note: ", "Linux "+strings.Join(f.kernels, ", ")+" rejects this, Linux "+strings.Join(f.accepted, ", ")+" accepts it")
	} else if len(f.kernels) > 1 {
		line("note: ", "Linux "+strings.Join(f.kernels, ", ")+" say this")
	}
	for _, h := range f.diag.Helps {
		if len(h.Edits) == 0 {
			line("help: ", h.Text)
		}
	}
	line("verifier: ", f.diag.KernelMessage)
	return b.String()
}

func quoted(names []string) string {
	var all []string
	for _, n := range names[:min(len(names), 8)] {
		all = append(all, "`"+n+"`")
	}
	if len(names) > 8 {
		all = append(all, "others")
	}
	return strings.Join(all, ", ")
}

// shown says whether a place may be shown.
func shown(p *place) bool { return p != nil && !p.gone }

// diagnostic is a finding in the protocol's form. Its primary place has to be
// shown.
func (s *Server) compose(f *finding) Diagnostic {
	d := Diagnostic{
		Range: f.primary.rangeOf(s.encoding), Severity: severityError, Code: f.diag.Code, Source: source, Message: f.message(),
		CodeDescription: s.description(f.diag.Code),
		Data:            &DiagnosticData{Object: f.object, Program: f.program, Kernel: f.kernel, Code: f.diag.Code},
	}
	if f.diag.Severity == diag.SeverityWarning {
		d.Severity = severityWarning
	}
	if tags := s.client.TextDocument.PublishDiagnostics.TagSupport; tags != nil &&
		slices.Contains(tags.ValueSet, tagUnnecessary) && f.diag.Name == "unreachable-code" {
		d.Tags = []int{tagUnnecessary}
	}
	if !s.client.TextDocument.PublishDiagnostics.RelatedInformation {
		return d
	}
	for i := range f.diag.Labels {
		if pl := f.labels[i]; shown(pl) && pl != f.primary && f.diag.Labels[i].Text != "" && len(d.RelatedInformation) < maxRelated {
			d.RelatedInformation = append(d.RelatedInformation, DiagnosticRelatedInformation{
				Location{pl.file.uri, pl.rangeOf(s.encoding)}, f.diag.Labels[i].Text})
		}
	}
	for _, pl := range f.calls {
		if shown(pl.place) && pl.place != f.primary {
			d.RelatedInformation = append(d.RelatedInformation, DiagnosticRelatedInformation{
				Location{pl.place.file.uri, pl.place.rangeOf(s.encoding)}, pl.text})
		}
	}
	return d
}

// hints are what led to a finding, where it happened; editors show related
// information badly.
func (s *Server) hints(f *finding, in *file) []Diagnostic {
	var all []Diagnostic
	for i := range f.diag.Labels {
		pl, l := f.labels[i], &f.diag.Labels[i]
		if !shown(pl) || pl == f.primary || pl.file != in || l.Text == "" || len(all) == maxRelated {
			continue
		}
		h := Diagnostic{Range: pl.rangeOf(s.encoding), Severity: severityHint, Code: f.diag.Code, Source: source, Message: l.Text,
			Data: &DiagnosticData{Object: f.object, Program: f.program, Kernel: f.kernel, Code: f.diag.Code}}
		if s.client.TextDocument.PublishDiagnostics.RelatedInformation {
			h.RelatedInformation = []DiagnosticRelatedInformation{{
				Location{f.primary.file.uri, f.primary.rangeOf(s.encoding)}, f.diag.Message}}
		}
		all = append(all, h)
	}
	return all
}

func (p *place) rangeOf(e encoding) Range { return p.file.text.rangeOf(p.start, p.end, e) }

// diagnostics are all of a file, in the order of the text; what several objects
// have in common is there once. Server.mu is held.
func (s *Server) diagnostics(in *file) []Diagnostic {
	all := []Diagnostic{}
	hints := s.settingsOf(in.path).Hints
	for _, u := range s.sortedUnits() {
		for _, f := range u.findings() {
			if !shown(f.primary) {
				continue
			}
			if f.primary.file == in {
				all = append(all, s.compose(f))
			}
			if hints {
				all = append(all, s.hints(f, in)...)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b Diagnostic) int {
		if c := comparePositions(a.Range.Start, b.Range.Start); c != 0 {
			return c
		}
		return a.Severity - b.Severity
	})
	seen := map[string]bool{}
	return slices.DeleteFunc(all, func(d Diagnostic) bool {
		key := d.Code + "\x00" + d.Message + "\x00" + d.Range.String()
		known := seen[key]
		seen[key] = true
		return known
	})
}

func (s *Server) sortedUnits() []*unit {
	all := make([]*unit, 0, len(s.units))
	for _, u := range s.units {
		all = append(all, u)
	}
	slices.SortFunc(all, func(a, b *unit) int { return strings.Compare(a.Name, b.Name) })
	return all
}
