package rules

import (
	"fmt"
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/debuginfo"
	"github.com/bpfdiag/bpfdiag/internal/object"
	"github.com/bpfdiag/bpfdiag/internal/sourcetext"
	"github.com/bpfdiag/bpfdiag/verifierlog"
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
	unwrap(&l, place.Inlined)
	if !ok {
		return l, false
	}
	if at, file, found := c.source(insn); found {
		cover(&l, file, at.Span)
		c.coverParameter(&l, file, at)
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

// labelOfLog marks the source line that the log names. Before Linux 6.9 it has the
// line's text only, or none: then the place is in the log itself, at that text or
// at the instruction.
func (c *Case) labelOfLog(l diag.Label) (diag.Label, bool) {
	visits := c.Path.Visits(*l.Insn)
	var s verifierlog.Step
	if n := len(visits); n > 0 {
		s = c.Path.Step(visits[n-1])
	}
	if s.Source.Line > 0 {
		l.File, l.Line, l.Source = s.Source.File, s.Source.Line, s.Source.Text
		return l, true
	}
	// A log without a path may have a report with the place.
	if r := c.Summary.Report; r != nil && r.At.Line > 0 && r.At.Insn == *l.Insn {
		l.File, l.Line, l.Source, l.Function = r.At.File, r.At.Line, r.At.Source, r.At.Function
		return l, true
	}
	if c.LogPlace == nil || s.Line == 0 {
		return l, false
	}
	line, text := s.Line, fmt.Sprintf("%d: %s", s.Insn.Index, s.Text)
	if n := c.logLineOf(s); n > 0 {
		line, text = n, "; "+s.Source.Text
	}
	l.File, l.Line = c.LogPlace(line)
	l.Source = text
	return l, l.Line > 0
}

// logLineOf is the line of the log at which the source text of a step is printed
// last before it, 0 if there is none.
func (c *Case) logLineOf(s verifierlog.Step) int {
	if s.Source.Text == "" {
		return 0
	}
	for i := s.Index; i >= 0; i-- {
		if at := c.Path.Step(i); at.Source.Text != s.Source.Text {
			break
		} else if text, ok := strings.CutPrefix(c.logLine(at.Line-1), "; "); ok && strings.TrimSpace(text) == s.Source.Text {
			return at.Line - 1
		}
	}
	return 0
}

// logLine is a line of the log, counted from 1.
func (c *Case) logLine(n int) string {
	if c.logLines == nil {
		c.logLines = strings.Split(c.Log, "\n")
	}
	if n < 1 || n > len(c.logLines) {
		return ""
	}
	return c.logLines[n-1]
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
	rust := isRust(name)
	if f, known := c.files[name]; known {
		return f.File
	}
	lines, ok := c.Sources.Lines(name, c.Dirs, line, strings.TrimRight(text, "\r\n"))
	if !ok {
		if text == "" {
			return nil
		}
		// One line at its place. It is not kept: the next question is of another.
		return sourcetext.ParseFrom(line, []byte(text), rust)
	}
	all := strings.Join(lines, "\n")
	f := sourcetext.Parse([]byte(all), rust)
	c.files[name] = sourceFile{f, all}
	return f
}
