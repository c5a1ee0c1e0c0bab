package rules

import (
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/sourcetext"
)

// insertBefore makes the edit that puts statements in front of the statement
// that an instruction belongs to, at its indentation. lines are theirs, with
// "\t" for one more level. ok is false where that would not be right: in a
// loop's head, without the source file, in a macro.
func (c *Case) insertBefore(insn int, lines ...string) (diag.Edit, bool) {
	at, file, ok := c.source(insn)
	if !ok || at.Stmt == nil || at.Stmt.Kind == sourcetext.LoopStmt && at.InHead {
		return diag.Edit{}, false
	}
	p, _ := c.place(insn)
	return c.insertInFront(p.File, file, at.Function, at.Stmt, lines...)
}

// insertBeforePrimary is insertBefore for the statement that the primary label
// is in, where that is not the instruction's own.
func (c *Case) insertBeforePrimary(d *diag.Diagnostic, insn int, lines ...string) (diag.Edit, bool) {
	for _, l := range d.Labels {
		f, whole := c.files[l.File]
		if !l.Primary || !whole {
			continue
		}
		if at, ok := f.At(l.Line, l.Column); ok && at.Stmt != nil && !(at.Stmt.Kind == sourcetext.LoopStmt && at.InHead) {
			return c.insertInFront(l.File, f.File, at.Function, at.Stmt, lines...)
		}
	}
	return c.insertBefore(insn, lines...)
}

// insertInFront is insertBefore of a statement in a file.
func (c *Case) insertInFront(name string, file *sourcetext.File, fn sourcetext.Function, s *sourcetext.Stmt, lines ...string) (diag.Edit, bool) {
	if _, whole := c.files[name]; !whole || s.Bare || s.Kind == sourcetext.LabelStmt || s.Kind == sourcetext.BlockStmt {
		return diag.Edit{}, false
	}
	indent := file.Indent(s.Start)
	step := "\t"
	if !strings.Contains(indent, "\t") && indent != "" {
		step = strings.Repeat(" ", c.indentWidth(file, indent, fn))
	}
	var b strings.Builder
	for _, l := range lines {
		for strings.HasPrefix(l, "\t") {
			b.WriteString(step)
			l = l[1:]
		}
		b.WriteString(l + "\n" + indent)
	}
	return editOf(name, file.Position, s.Start, s.Start, b.String()), true
}

// indentWidth is how many spaces a level of the function has.
func (c *Case) indentWidth(file *sourcetext.File, indent string, f sourcetext.Function) int {
	for _, n := range []int{2, 3, 4, 8} {
		if len(indent) == n && len(file.Indent(f.Start)) == 0 {
			return n
		}
	}
	if len(indent)%4 == 0 {
		return 4
	}
	return 2
}

// editOf puts text in the place of what stands between two offsets of a file.
func editOf(file string, position func(int) (int, int), from, to int, text string) diag.Edit {
	e := diag.Edit{File: file, Replacement: text}
	e.Start.Line, e.Start.Column = position(from)
	e.End.Line, e.End.Column = position(to)
	return e
}

// editLabel puts text in the place of what a label marks.
func editLabel(l diag.Label, text string) diag.Edit {
	return diag.Edit{
		File:  l.File,
		Start: diag.Position{Line: l.Line, Column: l.Column}, End: diag.Position{Line: l.EndLine, Column: l.EndColumn},
		Replacement: text,
	}
}
