package rules

import (
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/debuginfo"
	"github.com/bpfdiag/bpfdiag/internal/sourcetext"
)

// initialise shows the declaration of a variable and how to give all of it a value.
func (c *Case) initialise(d *diag.Diagnostic, v *debuginfo.Variable, padding bool) {
	help := diag.Help{Text: "give " + quote(v.Name) + " a value where it is declared", Applicability: diag.Placeholder}
	aggregate := v.Type != nil && (v.Type.Underlying().Kind == debuginfo.Struct || v.Type.Underlying().Kind == debuginfo.Union || v.Type.Underlying().Kind == debuginfo.Array)
	if padding {
		help.Text = "clear all of " + quote(v.Name) + " first; an initialiser leaves padding as it is"
	}
	defer func() { d.Helps = append(d.Helps, help) }()
	var at *diag.Label
	for i := range d.Labels {
		if d.Labels[i].Primary {
			at = &d.Labels[i]
		}
	}
	if at == nil || v.Line == 0 || v.Line == at.Line {
		return
	}
	whole, ok := c.files[at.File]
	if !ok || isRust(at.File) {
		return
	}
	place, ok := whole.File.At(v.Line, 0)
	if !ok || place.Stmt == nil || place.Stmt.Kind != sourcetext.DeclStmt {
		return
	}
	text := whole.text[place.Stmt.Start:min(place.Stmt.End, len(whole.text))]
	if !strings.Contains(text, v.Name) {
		return
	}
	label := diag.Label{File: at.File, Function: at.Function, Insn: at.Insn, Text: "declared here"}
	label.Line, label.Column = whole.File.Position(place.Stmt.Start)
	label.EndLine, label.EndColumn = whole.File.Position(place.Stmt.End)
	initialised := strings.Contains(text, "=")
	if !initialised {
		label.Text = "declared here without a value"
	}
	for i := range d.Labels {
		if d.Labels[i].Primary {
			d.Labels = append(d.Labels[:i], append([]diag.Label{label}, d.Labels[i:]...)...)
			break
		}
	}
	if strings.Contains(text, ",") && !initialised || initialised && !padding || place.Stmt.Parent != nil && place.Stmt.Bare {
		return
	}
	edit := diag.Edit{File: at.File}
	switch {
	case padding && !initialised:
		edit.Start.Line, edit.Start.Column = whole.File.Position(place.Stmt.End)
		edit.Replacement = "\n" + whole.File.Indent(place.Stmt.Start) + "__builtin_memset(&" + v.Name + ", 0, sizeof(" + v.Name + "));"
	case padding:
		help.Text = "declare " + quote(v.Name) + " without a value, clear all of it with `__builtin_memset`, then set its members; an initialiser leaves padding as it is"
		return
	case strings.HasSuffix(text, ";"):
		edit.Start.Line, edit.Start.Column = whole.File.Position(place.Stmt.End - 1)
		edit.Replacement = " = 0"
		if aggregate {
			edit.Replacement = " = {}"
		}
	default:
		return
	}
	edit.End = edit.Start
	help.Edits, help.Applicability = []diag.Edit{edit}, diag.Likely
	if aggregate { // of one number 0 may be the wrong one
		help.Applicability = diag.Safe
	}
}
