package diag

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
)

const (
	sarifSchema = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
	sarifRoot   = "SRCROOT" // what relative URIs are relative to
	// sarifPrint names the way that fingerprints are made; see finding.fingerprint.
	sarifPrint = "bpfdiagCause/v1"
)

// WriteSARIF prints a SARIF 2.1.0 log with one run. Every cause is a result,
// its path a code flow with the verifier's states. Programs that were not
// verified and unreadable objects are notifications of the run.
func WriteSARIF(w io.Writer, doc Document, r Report) error {
	all := doc.findings()
	prints := fingerprints(all, r)
	run := sarifRun{
		OriginalURIBaseIDs: map[string]sarifBase{sarifRoot: {sarifMessage{Text: "the folder that source paths start from"}}},
		Results:            []sarifResult{},
		ColumnKind:         "unicodeCodePoints",
	}
	if doc.Kernel != (Kernel{}) {
		run.Properties = map[string]any{"kernel": doc.Kernel}
	}
	rules, index := r.sarifRules(all)
	run.Tool.Driver = sarifDriver{
		Name: cmp.Or(doc.Tool.Name, "bpfdiag"), Version: doc.Tool.Version,
		InformationURI: "https://github.com/bpfdiag/bpfdiag", Rules: rules,
	}
	for i := range doc.Objects {
		uri, base := r.sarifURI(doc.Objects[i].Path)
		run.Artifacts = append(run.Artifacts, sarifArtifact{sarifArtifactLocation{uri, base}, []string{"analysisTarget"}})
	}
	counts := doc.Count()
	invocation := sarifInvocation{ExecutionSuccessful: counts.Errors+counts.BadObjects == 0}
	for i := range all {
		f := &all[i]
		if f.d != nil {
			run.Results = append(run.Results, r.sarifResult(f, index[f.d.Code], prints[i]))
			continue
		}
		invocation.Notifications = append(invocation.Notifications, sarifNotification{
			Level: "error", Message: sarifMessage{Text: visible(f.failure())}, Locations: []sarifLocation{r.sarifObject(f)},
		})
	}
	run.Invocations = []sarifInvocation{invocation}
	return writeIndented(w, sarifLog{Schema: sarifSchema, Version: "2.1.0", Runs: []sarifRun{run}})
}

// sarifRules lists the codes that occur, in order, and the index of each.
func (r Report) sarifRules(all []finding) ([]sarifRule, map[string]int) {
	byCode := map[string]sarifRule{}
	for _, f := range all {
		if f.d == nil || byCode[f.d.Code].ID != "" {
			continue
		}
		rule := sarifRule{ID: f.d.Code, Name: f.d.Name, Configuration: &sarifConfiguration{sarifLevel(f.d)}}
		rule.Short.Text = cmp.Or(strings.ReplaceAll(f.d.Name, "-", " "), f.d.Code)
		if page, ok := r.Pages.page(f.d.Code); ok {
			rule.Short.Text = cmp.Or(page.Summary, rule.Short.Text)
			rule.HelpURI = page.URL
			if page.Markdown != "" {
				rule.Help = &sarifMessage{Text: page.Markdown, Markdown: page.Markdown}
			}
		}
		byCode[rule.ID] = rule
	}
	rules := []sarifRule{}
	for _, rule := range byCode {
		rules = append(rules, rule)
	}
	slices.SortFunc(rules, func(a, b sarifRule) int { return cmp.Compare(a.ID, b.ID) })
	index := map[string]int{}
	for i := range rules {
		index[rules[i].ID] = i
	}
	return rules, index
}

func sarifLevel(d *Diagnostic) string {
	if d.Severity == SeverityError {
		return "error"
	}
	return "warning"
}

func (r Report) sarifResult(f *finding, rule int, print string) sarifResult {
	d := f.d
	out := sarifResult{
		RuleID: d.Code, RuleIndex: rule, Level: sarifLevel(d),
		Message:      sarifMessage{Text: strings.Join(f.sarifText(), "\n")},
		Fingerprints: map[string]string{sarifPrint: print},
		Properties: map[string]any{
			"object": f.object.Path, "programs": append([]string{f.program.Name}, d.AlsoIn...),
			"class": d.Class, "kernelMessage": d.KernelMessage,
		},
	}
	if d.Insn != nil {
		out.Properties["insn"] = *d.Insn
	}
	primary := d.primary()
	if primary == nil || primary.File == "" {
		out.Locations = []sarifLocation{r.sarifObject(f)}
	} else {
		l := r.sarifPlace(d, primary)
		l.Logical = []sarifLogical{{Name: cmp.Or(primary.Function, d.Function, f.program.Name), Kind: "function"}}
		out.Locations = []sarifLocation{l}
	}
	for i := range d.Labels {
		if l := &d.Labels[i]; l != primary && l.File != "" {
			related := r.sarifPlace(d, l)
			related.ID = new(len(out.Related) + 1)
			out.Related = append(out.Related, related)
		}
	}
	out.CodeFlows = r.sarifFlow(d)
	for _, h := range d.Helps {
		if len(h.Edits) > 0 && h.Applicability != Placeholder {
			out.Fixes = append(out.Fixes, r.sarifFix(d, &h))
		}
	}
	return out
}

// sarifText is the message: the headline, what the primary label says, facts
// and advice, all in plain text.
func (f *finding) sarifText() []string {
	lines := []string{f.d.Message}
	if l := f.d.primary(); l != nil && l.Text != "" {
		lines = append(lines, l.Text)
	}
	for _, n := range f.d.Notes {
		lines = append(lines, "note: "+n)
	}
	for _, h := range f.d.Helps {
		lines = append(lines, "help"+h.doubt()+": "+h.Text)
	}
	if c := complaint(f.d.KernelMessage); len(c) > 0 {
		lines = append(lines, "verifier: "+strings.Join(c[:min(len(c), maxKernelLines)], " "))
	}
	for i := range lines {
		lines[i] = visible(lines[i])
	}
	return lines
}

// sarifObject is the place of what has none in a source.
func (r Report) sarifObject(f *finding) sarifLocation {
	var l sarifLocation
	uri, base := r.sarifURI(f.object.Path)
	l.Physical = &sarifPhysical{Artifact: sarifArtifactLocation{uri, base}}
	if f.program != nil {
		l.Logical = []sarifLogical{{Name: f.program.Name, Kind: "function"}}
	}
	return l
}

func (r Report) sarifPlace(d *Diagnostic, l *Label) sarifLocation {
	uri, base := r.sarifURI(l.File)
	out := sarifLocation{Physical: &sarifPhysical{Artifact: sarifArtifactLocation{uri, base}}}
	if l.Line > 0 {
		g := r.label(d, l)
		out.Physical.Region = g.sarif()
		if l.Source != "" && g.endLine == g.line {
			out.Physical.Context = &sarifRegion{StartLine: l.Line, Snippet: &sarifContent{visible(l.Source)}}
		}
	}
	if l.Text != "" {
		out.Message = &sarifMessage{Text: visible(l.Text)}
	}
	return out
}

func (g region) sarif() *sarifRegion {
	out := &sarifRegion{StartLine: g.line, StartColumn: g.column, EndLine: g.endLine, EndColumn: g.endColumn}
	if out.EndLine == out.StartLine {
		out.EndLine = 0 // the default
	}
	return out
}

func (r Report) sarifURI(file string) (uri, base string) {
	uri, relative := r.uri(file)
	if relative {
		base = sarifRoot
	}
	return uri, base
}

func (r Report) sarifFix(d *Diagnostic, h *Help) sarifFix {
	fix := sarifFix{Description: sarifMessage{Text: visible(h.Text)}}
	for _, e := range h.Edits {
		uri, base := r.sarifURI(e.File)
		g := r.region(d, e.File, e.Start, e.End)
		replacement := sarifReplacement{Deleted: *g.sarif()}
		if e.Replacement != "" {
			replacement.Inserted = &sarifContent{e.Replacement}
		}
		where := sarifArtifactLocation{uri, base}
		i := slices.IndexFunc(fix.Changes, func(c sarifChange) bool { return c.Artifact == where })
		if i < 0 {
			i = len(fix.Changes)
			fix.Changes = append(fix.Changes, sarifChange{Artifact: where})
		}
		fix.Changes[i].Replacements = append(fix.Changes[i].Replacements, replacement)
	}
	return fix
}

// describe names what a step of the path is about: "r0 (`value`)".
func (e *Evidence) describe() string {
	switch {
	case e.Register == "":
		return e.Variable
	case e.Variable == "":
		return e.Register
	}
	return fmt.Sprintf("%s (%s)", e.Register, e.Variable)
}
