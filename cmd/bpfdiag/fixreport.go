package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/fix"
)

// fixReport prints what became of a `bpfdiag fix`.
type fixReport struct {
	w      io.Writer
	flags  fixFlags
	kernel diag.Kernel
	text   *textReporter // for diagnostics, colours and the terminal's width
	apply  string        // what writes the changes
}

func newFixReport(w io.Writer, f fixFlags, k diag.Kernel) *fixReport {
	return &fixReport{w, f, k, newTextReporter(w, f.outputFlags, diag.NewSources(f.roots...)), "--apply"}
}

// fixDocument is the JSON form.
type fixDocument struct {
	Schema  int         `json:"schema"`
	Tool    diag.Tool   `json:"tool"`
	Kernel  diag.Kernel `json:"kernel"`
	Applied bool        `json:"applied"` // the changes are written
	fix.Result
	LeftOut *fixLeftOut `json:"left_out,omitempty"` // nil if all is there
}

func (r *fixReport) result(res fix.Result) error {
	r.overlay(res)
	switch {
	case r.flags.format == "json":
		return r.json(res)
	case r.flags.diff:
		return r.diffOnly(res)
	}
	_, err := io.WriteString(r.w, r.plain(res))
	return err
}

// overlay has diagnostics show the sources with the changes.
func (r *fixReport) overlay(res fix.Result) {
	texts := map[string]string{}
	for _, c := range res.Changes {
		texts[c.Path] = c.New
	}
	r.text.text.Sources = diag.NewSources(r.flags.roots...).Overlay(texts)
}

// plain is the text form.
func (r *fixReport) plain(res fix.Result) string {
	var b strings.Builder
	for _, t := range res.Targets {
		r.target(&b, t)
	}
	if !r.flags.apply && !r.flags.interactive && len(res.Changes) > 0 {
		b.WriteByte('\n')
		r.diff(&b, res.Changes)
		b.WriteByte('\n')
	}
	b.WriteString(r.sum(res))
	return b.String()
}

func (r *fixReport) json(res fix.Result) error {
	write := func(w io.Writer, d fixDocument) error {
		e := json.NewEncoder(w)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		return e.Encode(d)
	}
	doc, err := boundFix(r.document(res), r.flags.most, moreFixJSON, write)
	if err != nil {
		return err
	}
	return write(r.w, doc)
}

// document is what became of the targets, with the text form of what is still wrong.
func (r *fixReport) document(res fix.Result) fixDocument {
	plain := diag.Text{Sources: r.text.text.Sources, Pages: pages}
	for _, t := range res.Targets {
		for _, p := range t.Programs {
			if p.Diagnostic != nil {
				p.Diagnostic.Rendered = plain.Render(*p.Diagnostic)
			}
		}
	}
	if res.Changes == nil {
		res.Changes = []fix.Change{}
	}
	return fixDocument{Schema: diag.Schema, Tool: tool(), Kernel: r.kernel, Applied: r.flags.apply && len(res.Changes) > 0, Result: res}
}

// diffOnly prints the diff, and nothing else unless no target could be tried.
func (r *fixReport) diffOnly(res fix.Result) error {
	for _, t := range res.Targets {
		if t.Error != "" {
			return fmt.Errorf("%s: %s", t.Path, t.Error)
		}
	}
	var b strings.Builder
	r.diff(&b, res.Changes)
	_, err := io.WriteString(r.w, b.String())
	return err
}

func (r *fixReport) target(b *strings.Builder, t fix.Report) {
	name := diag.Visible(t.Path)
	if t.Error != "" {
		// Behind the first line are the compiler's own.
		first, rest, _ := strings.Cut(t.Error, "\n")
		b.WriteString(r.text.text.Render(diag.Diagnostic{Severity: diag.SeverityError, Message: t.Path + ": " + first}))
		for line := range strings.Lines(rest) {
			b.WriteString(shownLine(strings.TrimRight(line, "\n")) + "\n")
		}
		return
	}
	for _, n := range t.Notes {
		fmt.Fprintf(b, "%s: note: %s\n", name, diag.Visible(n))
	}
	for _, s := range t.Steps {
		at := ""
		if s.File != "" {
			at = fmt.Sprintf("%s:%d: ", diag.Visible(s.File), s.Line)
		}
		fmt.Fprintf(b, "%s%s: %s: %s\n", at, diag.Visible(s.Program), s.Code, diag.Visible(s.Message))
		fmt.Fprintf(b, "  %s: %s\n", stepDoes(s), diag.Visible(s.Help.Text))
	}
	for _, p := range t.Programs {
		line := fmt.Sprintf("%s: %s: %s", name, diag.Visible(p.Name), p.Verdict)
		switch {
		case p.Verdict == diag.Accepted && p.Before != diag.Accepted:
			line += ", was " + string(p.Before)
		case p.Verdict == diag.Error && p.Diagnostic == nil:
			line += ": " + diag.Visible(p.Error)
		}
		b.WriteString(line + "\n")
		if p.Diagnostic == nil || r.flags.interactive { // where it was shown, and asked about
			continue
		}
		b.WriteString(r.text.text.Render(*p.Diagnostic))
		for _, x := range p.Refused {
			fmt.Fprintf(b, "tried: %s: %s\n", diag.Visible(x.Help), diag.Visible(x.Why))
		}
		b.WriteByte('\n')
	}
}

// stepDoes says how far a step can be trusted, and what it did.
func stepDoes(s fix.Step) string {
	what := "fixed"
	if s.Outcome != fix.Accepted.String() {
		what = "gets further"
	}
	switch s.Help.Applicability {
	case diag.Likely:
		what += " (likely what was meant)"
	case diag.Placeholder:
		what += " (to be adapted)"
	}
	return what
}

func (r *fixReport) diff(b *strings.Builder, changes []fix.Change) {
	for _, c := range changes {
		if !r.text.tty && !r.text.text.Color {
			b.WriteString(c.Diff)
			continue
		}
		for line := range strings.Lines(c.Diff) {
			b.WriteString(r.diffLine(strings.TrimSuffix(line, "\n")) + "\n")
		}
	}
}

// shownLine is a line of a source for a terminal, where it must not be a command.
func shownLine(line string) string {
	parts := strings.Split(line, "\t")
	for i := range parts {
		parts[i] = diag.Visible(parts[i])
	}
	return strings.Join(parts, "\t")
}

// diffLine is a line of a diff for a terminal.
func (r *fixReport) diffLine(line string) string {
	line = shownLine(line)
	if !r.text.text.Color || line == "" {
		return line
	}
	switch {
	case strings.HasPrefix(line, "--- "), strings.HasPrefix(line, "+++ "):
		return "\x1b[1m" + line + "\x1b[0m"
	case line[0] == '+':
		return "\x1b[32m" + line + "\x1b[0m"
	case line[0] == '-':
		return "\x1b[31m" + line + "\x1b[0m"
	case line[0] == '@':
		return "\x1b[36m" + line + "\x1b[0m"
	}
	return line
}

// sum is the last line.
func (r *fixReport) sum(res fix.Result) string {
	accepted, all, mended, edits, open := 0, 0, 0, 0, 0
	for _, t := range res.Targets {
		edits += len(t.Steps)
		for _, p := range t.Programs {
			if p.Verdict == diag.Skipped {
				continue
			}
			all++
			if d := p.Diagnostic; d != nil && slices.ContainsFunc(d.Helps, func(h diag.Help) bool { return len(h.Edits) > 0 }) {
				open++
			}
			if p.Verdict == diag.Accepted {
				accepted++
				if p.Before != diag.Accepted {
					mended++
				}
			}
		}
	}
	if all == 0 {
		return ""
	}
	line := fmt.Sprintf("%d of %s accepted", accepted, plural(all, "program"))
	if mended > 0 {
		line += fmt.Sprintf(", %d of them by %s", mended, plural(edits, "edit"))
	}
	line += fmt.Sprintf(" (Linux %s)", r.kernel.Release)
	if open > 0 && !r.flags.interactive {
		line += fmt.Sprintf("; for %s there are edits to be adapted: --interactive makes them", plural(open, "program"))
	}
	if len(res.Changes) == 0 {
		return line + "\n"
	}
	var files []string
	for _, c := range res.Changes {
		files = append(files, diag.Visible(short(c.Path)))
	}
	if r.flags.apply || r.flags.interactive {
		return fmt.Sprintf("%s; written: %s\n", line, strings.Join(files, ", "))
	}
	return line + "; nothing is written: " + r.apply + " does it\n"
}
