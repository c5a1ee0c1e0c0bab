package rules

import (
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/debuginfo"
	"github.com/bpfdiag/bpfdiag/internal/object"
	"github.com/bpfdiag/bpfdiag/internal/sourcetext"
)

// label marks the place of an instruction in the source: the smallest
// expression that the compiler made it from. Without an object the log's source
// lines serve, which have no columns and no folders. ok is false if nothing
// tells; the function's name may be known all the same.
func (c *Case) label(insn int, text string) (l diag.Label, ok bool) {
	l = diag.Label{Text: text, Insn: new(insn)}
	if c.Locate == nil {
		return c.labelOfLog(l)
	}
	place, ok := c.place(insn)
	l.File, l.Line, l.Column, l.Function = place.File, place.Line, place.Column, place.Function
	l.Source = strings.TrimRight(place.Text, "\r\n")
	for _, in := range place.Inlined {
		l.InlinedFrom = append(l.InlinedFrom, diag.Call{Function: in.Caller, File: in.File, Line: in.Line, Column: in.Column})
	}
	if !ok {
		return l, false
	}
	if at, file, found := c.source(insn); found {
		cover(&l, file, at.Span)
	}
	return l, true
}

// cover makes a label that of a span of its file.
func cover(l *diag.Label, file *sourcetext.File, span sourcetext.Span) {
	line := l.Line
	l.Line, l.Column = file.Position(span.Start)
	l.EndLine, l.EndColumn = file.Position(span.End)
	if l.Line != line { // the text that the object carries is of its own line
		l.Source = ""
	}
}

func inside(in, out sourcetext.Span) bool { return in.Start >= out.Start && in.End <= out.End }

// markSpan moves the primary label within its file.
func markSpan(d *diag.Diagnostic, file *sourcetext.File, span sourcetext.Span) {
	for i := range d.Labels {
		if d.Labels[i].Primary {
			cover(&d.Labels[i], file, span)
		}
	}
}

func (c *Case) labelOfLog(l diag.Label) (diag.Label, bool) {
	if visits := c.Path.Visits(*l.Insn); len(visits) > 0 {
		if s := c.Path.Step(visits[len(visits)-1]).Source; s.Line > 0 {
			l.File, l.Line, l.Source = s.File, s.Line, s.Text
			return l, true
		}
	}
	// A log without a path may have a report with the place.
	if r := c.Summary.Report; r != nil && r.At.Line > 0 && r.At.Insn == *l.Insn {
		l.File, l.Line, l.Source, l.Function = r.At.File, r.At.Line, r.At.Source, r.At.Function
		return l, true
	}
	return l, false
}

// sourceText is the source line of an instruction, as the log has it.
func (c *Case) sourceText(insn int) string {
	visits := c.Path.Visits(insn)
	if len(visits) == 0 {
		return ""
	}
	return c.Path.Step(visits[len(visits)-1]).Source.Text
}

// function is the function of the object that an instruction belongs to, and
// the instruction's index in it.
func (c *Case) function(insn int) (fn *object.Function, i int, ok bool) {
	if c.Locate == nil {
		return nil, 0, false
	}
	return c.Locate(insn)
}

// place is where the object says that an instruction comes from.
func (c *Case) place(insn int) (p debuginfo.Place, ok bool) {
	fn, i, ok := c.function(insn)
	if !ok {
		return p, false
	}
	return c.debug().Place(fn, i)
}

// ownPlace says whether the place of a step's instruction is its own: what the
// compiler made for no line, or moved, is given that of the code in front of
// it, of which nothing said of the instruction is true. Where DWARF does not
// tell, an instruction that a jump leads to, and that is given the place of the
// code in front of it, may be such a one.
func (c *Case) ownPlace(step int) bool {
	for n := 0; n < 64; n++ {
		insn := c.Path.Insn(step)
		fn, i, ok := c.function(insn)
		if !ok {
			return c.Locate == nil // the log's source lines are read with the path
		}
		if own, known := c.debug().OwnPlace(fn, i); known {
			return own
		}
		p, ok := c.place(insn)
		q, before := c.place(insn - 1)
		if !ok || !before || p.Line != q.Line || p.Column != q.Column || p.File != q.File {
			return ok
		}
		if prev := c.Path.Insn(step - 1); prev != insn-1 && prev != insn-2 {
			return false
		}
		step--
	}
	return false
}

// source is what stands at an instruction's place in the source, with the text
// that it is part of: the file, if it is there and what was compiled, else the
// line that the object carries.
func (c *Case) source(insn int) (at sourcetext.Place, file *sourcetext.File, ok bool) {
	p, ok := c.place(insn)
	if !ok || p.Line == 0 {
		return at, nil, false
	}
	if file = c.file(p.File, p.Line, p.Text); file == nil {
		return at, nil, false
	}
	at, ok = file.At(p.Line, p.Column)
	if !ok || at.Span.End <= at.Span.Start {
		return at, nil, false
	}
	return at, file, true
}

// file returns a source text in which a line has the text that the object carries.
func (c *Case) file(name string, line int, text string) *sourcetext.File {
	rust := strings.HasSuffix(name, ".rs")
	if f, known := c.files[name]; known {
		return f.File
	}
	lines, ok := c.Sources.Lines(name, c.Dirs, line, strings.TrimRight(text, "\r\n"))
	if !ok {
		if text == "" {
			return nil
		}
		// One line at its place. It is not kept: the next question is of another.
		return sourcetext.Parse([]byte(strings.Repeat("\n", line-1)+text), rust)
	}
	all := strings.Join(lines, "\n")
	f := sourcetext.Parse([]byte(all), rust)
	c.files[name] = sourceFile{f, all}
	return f
}
