package rules

import (
	"regexp"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/sourcetext"
)

// programFile is the whole source file that the program's own function is in,
// and the function's extent. ok is false without the file.
func (c *Case) programFile() (name string, file *sourcetext.File, fn sourcetext.Function, ok bool) {
	p, ok := c.place(0)
	if !ok {
		return "", nil, fn, false
	}
	line, column := p.Line, p.Column
	if n := len(p.Inlined); n > 0 { // the first instruction may be of an inlined function
		p.Text = ""
		p.File, line, column = p.Inlined[n-1].File, p.Inlined[n-1].Line, p.Inlined[n-1].Column
	}
	file = c.file(p.File, line, p.Text)
	if _, whole := c.files[p.File]; file == nil || !whole {
		return "", nil, fn, false
	}
	at, found := file.At(line, column)
	if !found {
		return "", nil, fn, false
	}
	return p.File, file, at.Function, true
}

// mark is the label of a span of a file.
func mark(name string, file *sourcetext.File, s sourcetext.Span, text string) diag.Label {
	l := diag.Label{File: name, Text: text}
	cover(&l, file, s)
	return l
}

// findText marks the first group of a pattern in the program's file, within a span
// unless that is empty. What stands in a comment does not count.
func (c *Case) findText(pattern string, within sourcetext.Span) (l diag.Label, s sourcetext.Span, ok bool) {
	name, file, _, ok := c.programFile()
	if !ok {
		return l, s, false
	}
	re, err := regexp.Compile(pattern)
	if err != nil {
		return l, s, false
	}
	text := c.files[name].text
	if within.End == 0 {
		within.End = len(text)
	}
	within.End = min(within.End, len(text))
	for _, m := range re.FindAllStringSubmatchIndex(text[within.Start:within.End], -1) {
		s = sourcetext.Span{Start: within.Start + m[2], End: within.Start + m[3]}
		line, column := file.Position(s.Start)
		if isCode(file, line, column) {
			return mark(name, file, s, ""), s, true
		}
	}
	return l, s, false
}

// section marks the argument of the program's SEC().
func (c *Case) section() (diag.Label, bool) {
	_, _, fn, ok := c.programFile()
	if !ok || fn.Body.Start <= fn.Start {
		return diag.Label{}, false
	}
	l, _, ok := c.findText(`\bSEC\(\s*("[^"]*")\s*\)`, sourcetext.Span{Start: fn.Start, End: fn.Body.Start})
	return l, ok
}

// mapDefinition marks the name of a map where it is defined.
func (c *Case) mapDefinition(name string) (diag.Label, bool) {
	l, _, ok := c.findText(`\b(`+regexp.QuoteMeta(name)+`)\b\s*SEC\(\s*"\.maps`, sourcetext.Span{})
	return l, ok
}

// declaration marks an extern's name where it is declared, and finds the place
// behind the last word in front of the semicolon.
func (c *Case) declaration(name string) (l diag.Label, end diag.Position, ok bool) {
	pattern := `\bextern\b[^;{}]*?\b(` + regexp.QuoteMeta(name) + `)\b[^;{}]*`
	l, s, ok := c.findText(pattern, sourcetext.Span{})
	if !ok {
		return l, end, false
	}
	file := c.files[l.File]
	i := s.End
	for i < len(file.text) && file.text[i] != ';' {
		i++
	}
	for i > s.End && (file.text[i-1] == ' ' || file.text[i-1] == '\t' || file.text[i-1] == '\n') {
		i--
	}
	end.Line, end.Column = file.Position(i)
	return l, end, true
}

// markOnly makes a label the primary one, in place of that of an instruction.
func markOnly(d *diag.Diagnostic, l diag.Label, text string) {
	l.Primary, l.Text = true, text
	d.Labels = []diag.Label{l}
}

// primaryFirst makes the first label the primary one, where what has to be
// changed is there and not where the failure shows; that says text then.
func primaryFirst(d *diag.Diagnostic, text string) {
	for i := range d.Labels {
		if d.Labels[i].Primary && i > 0 {
			d.Labels[i].Text = text
		}
		d.Labels[i].Primary = i == 0
	}
}

// markFirst puts a label in front of the others.
func markFirst(d *diag.Diagnostic, l diag.Label, text string) {
	l.Text = text
	if len(d.Labels) == 0 {
		l.Primary = true
	}
	d.Labels = append([]diag.Label{l}, d.Labels...)
}
