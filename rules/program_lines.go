package rules

import (
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
)

// programLine finds text in the file that the program is in: its last
// occurrence in front of the program's code, or, with anywhere, the first in the file.
func (c *Case) programLine(text string, anywhere bool) (l diag.Label, ok bool) {
	p, ok := c.place(0)
	if !ok || p.Line == 0 || text == "" {
		return l, false
	}
	// What is inlined may be of a header; the program's own file is that of the outermost call.
	name, line := p.File, p.Line
	if n := len(p.Inlined); n > 0 {
		name, line = p.Inlined[n-1].File, p.Inlined[n-1].Line
	}
	if c.file(p.File, p.Line, p.Text) == nil {
		return l, false
	}
	f, whole := c.files[name]
	if !whole {
		return l, false
	}
	at := strings.Index(f.text, text)
	if !anywhere {
		end, found := f.Offset(line, 1)
		if !found {
			return l, false
		}
		at = strings.LastIndex(f.text[:end], text)
	}
	if at < 0 {
		return l, false
	}
	l.File = name
	l.Line, l.Column = f.Position(at)
	l.EndLine, l.EndColumn = f.Position(at + len(text))
	return l, true
}

// section is the program's section as the source writes it, with quotes.
func (c *Case) sectionLabel() (l diag.Label, ok bool) {
	if c.Program.Section == "" {
		return l, false
	}
	return c.programLine(`"`+c.Program.Section+`"`, false)
}

// sectionEdit changes the program's section.
func (c *Case) sectionEdit(to string) []diag.Edit {
	l, ok := c.sectionLabel()
	if !ok {
		return nil
	}
	return []diag.Edit{editLabel(l, `"`+to+`"`)}
}

// tellSection labels the program's section in front of the other places.
func (c *Case) tellSection(d *diag.Diagnostic, text string) {
	if l, ok := c.sectionLabel(); ok {
		markFirst(d, l, text)
	}
}

// markOwnSection makes the program's section the primary place, where the
// verifier gave none.
func (c *Case) markOwnSection(d *diag.Diagnostic, text string) {
	for _, l := range d.Labels {
		if l.Primary {
			return
		}
	}
	if l, ok := c.sectionLabel(); ok {
		l.Primary, l.Text = true, text
		d.Labels = append(d.Labels, l)
	}
}
