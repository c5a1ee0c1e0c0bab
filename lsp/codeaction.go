package lsp

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
)

// codeAction offers the fixes of what is shown in a range, and what there is to
// read about it. A fix whose lines were edited is none any more.
func (s *Server) codeAction(ctx context.Context, p CodeActionParams) (any, error) {
	if p.Context.TriggerKind != triggerAutomatic {
		s.awaitProof(ctx, p.TextDocument.URI)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	in := s.openFile(p.TextDocument.URI)
	if in == nil {
		return []CodeAction{}, nil
	}
	wants := func(kind string) bool {
		return len(p.Context.Only) == 0 || slices.ContainsFunc(p.Context.Only, func(k string) bool {
			return k == "" || k == kind || strings.HasPrefix(kind, k+".")
		})
	}
	actions := []CodeAction{}
	here := s.findingsAt(in, wholeLines(p.Range))
	if wants(kindQuickFix) {
		seen := map[string]bool{}
		for _, f := range here {
			for _, x := range f.fixes {
				if a, ok := s.fixAction(f, x); ok {
					if key := fmt.Sprint(a.Title, x.edits[0].place.start); !seen[key] {
						seen[key] = true
						actions = append(actions, a)
					}
				}
			}
		}
		for _, f := range here {
			actions = append(actions, s.reading(f)...)
		}
	}
	// Other than a quick fix, it is only wanted by who asks for it.
	if len(p.Context.Only) > 0 && wants(kindFixAll) {
		if a, ok := s.fixAll(in); ok {
			actions = append(actions, a)
		}
	}
	return actions, nil
}

// wholeLines is a range with all of its first and last lines. Most editors ask
// for just the cursor's place, and their users have it anywhere on the line.
func wholeLines(r Range) Range {
	return Range{Position{Line: r.Start.Line}, Position{r.End.Line, math.MaxUint32}}
}

// findingsAt are those that show something in a range of a file. Server.mu is held.
func (s *Server) findingsAt(in *file, r Range) []*finding {
	var all []*finding
	hints := s.settingsOf(in.path).Hints
	for _, u := range s.sortedUnits() {
		for _, f := range u.findings() {
			if !shown(f.primary) {
				continue
			}
			here := func(p *place) bool { return shown(p) && p.file == in && p.rangeOf(s.encoding).touches(r) }
			if here(f.primary) || hints && slices.ContainsFunc(f.labels, here) {
				all = append(all, f)
			}
		}
	}
	return all
}

// fixAction offers a fix.
func (s *Server) fixAction(f *finding, x *fix) (CodeAction, bool) {
	if x.stale() {
		return CodeAction{}, false
	}
	edit := s.workspaceEdit(x.edits)
	a := CodeAction{Title: title(x.help), Kind: kindQuickFix, Edit: &edit, Diagnostics: []Diagnostic{s.compose(f)}}
	a.IsPreferred = trusted(x.help)
	return a, true
}

// trusted says whether an editor may make a help's edits unasked.
func trusted(h diag.Help) bool { return h.Applicability == diag.Safe }

// title says what a fix does, and how far it can be trusted.
func title(h diag.Help) string {
	t := strings.ToUpper(h.Text[:min(1, len(h.Text))]) + h.Text[min(1, len(h.Text)):]
	t = strings.ReplaceAll(t, "\n", " ")
	switch {
	case h.Verified:
		return t + " (verified)"
	case h.Applicability == diag.Likely:
		return t + " (likely)"
	case h.Applicability == diag.Placeholder:
		return t + " (to be adapted)"
	}
	return t
}

// fixAll makes all edits of a file that are safe and do not get in each other's
// way.
func (s *Server) fixAll(in *file) (CodeAction, bool) {
	var all []fixEdit
	var taken []*place
	for _, u := range s.sortedUnits() {
		for _, f := range u.findings() {
			if !shown(f.primary) {
				continue
			}
			for _, x := range f.fixes {
				if !trusted(x.help) || x.stale() || slices.ContainsFunc(x.lines, func(p *place) bool {
					return p.file != in || slices.ContainsFunc(taken, func(t *place) bool { return p.start <= t.end && t.start <= p.end })
				}) {
					continue
				}
				taken = append(taken, x.lines...)
				all = append(all, x.edits...)
				break // one fix for each finding
			}
		}
	}
	if len(all) == 0 {
		return CodeAction{}, false
	}
	edit := s.workspaceEdit(all)
	return CodeAction{Title: "Make all safe fixes of bpfdiag", Kind: kindFixAll, Edit: &edit}, true
}

// workspaceEdit is edits in the protocol's form, for the versions that the
// client last told.
func (s *Server) workspaceEdit(edits []fixEdit) WorkspaceEdit {
	byFile := map[*file][]TextEdit{}
	var order []*file
	for _, e := range edits {
		f := e.place.file
		if byFile[f] == nil {
			order = append(order, f)
		}
		byFile[f] = append(byFile[f], TextEdit{e.place.rangeOf(s.encoding), e.text})
	}
	if !s.client.Workspace.WorkspaceEdit.DocumentChanges {
		w := WorkspaceEdit{Changes: map[DocumentURI][]TextEdit{}}
		for _, f := range order {
			w.Changes[f.uri] = byFile[f]
		}
		return w
	}
	var w WorkspaceEdit
	for _, f := range order {
		d := OptionalVersionedTextDocumentIdentifier{URI: f.uri}
		if f.open {
			v := f.version
			d.Version = &v
		}
		w.DocumentChanges = append(w.DocumentChanges, TextDocumentEdit{d, byFile[f]})
	}
	return w
}

// reading offers what there is to read about a finding.
func (s *Server) reading(f *finding) []CodeAction {
	about := DiagnosticData{Object: f.object, Program: f.program, Kernel: f.kernel, Code: f.diag.Code}
	action := func(title, command string) CodeAction {
		return CodeAction{Title: title, Kind: kindQuickFix, Command: &Command{title, command, []any{about}}}
	}
	var all []CodeAction
	if _, ok := s.backend.Page(f.diag.Code); ok {
		all = append(all, action("Explain "+f.diag.Code, commandExplain))
	}
	if f.program != "" {
		all = append(all, action("Show the verifier's log of "+f.program, commandShowLog))
	}
	if len(f.diag.Labels) > 1 {
		all = append(all, action("Show the path to this error", commandShowPath))
	}
	return all
}
