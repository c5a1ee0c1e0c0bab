package diag

import (
	"fmt"
	"strings"
)

// Text renders a diagnostic without colour.
func Text(d Diagnostic) string {
	var b strings.Builder
	writeText(&b, d, Style{})
	return b.String()
}

// Style colours parts of the text form; nil functions leave them as they are.
type Style struct {
	Error, Frame, Strong func(string) string
}

func styled(f func(string) string, s string) string {
	if f == nil {
		return s
	}
	return f(s)
}

// Colored is the style of terminals: bold red, bold blue, bold.
var Colored = Style{
	Error:  func(s string) string { return "\x1b[1;31m" + s + "\x1b[0m" },
	Frame:  func(s string) string { return "\x1b[1;34m" + s + "\x1b[0m" },
	Strong: func(s string) string { return "\x1b[1m" + s + "\x1b[0m" },
}

// TextIn renders a diagnostic in a style.
func TextIn(d Diagnostic, s Style) string {
	var b strings.Builder
	writeText(&b, d, s)
	return b.String()
}

func writeText(b *strings.Builder, d Diagnostic, s Style) {
	fmt.Fprintf(b, "%s%s\n", styled(s.Error, fmt.Sprintf("%s[%s]", d.Severity, d.Code)), styled(s.Strong, ": "+d.Message))
	width := 1
	for _, l := range d.Labels {
		width = max(width, len(fmt.Sprint(l.Line)))
	}
	pad := strings.Repeat(" ", width)
	bar := styled(s.Frame, "|")
	for _, l := range d.Labels {
		place := fmt.Sprintf("%s:%d", l.File, l.Line)
		if l.Column > 0 {
			place += fmt.Sprintf(":%d", l.Column)
		}
		fmt.Fprintf(b, "%s%s %s\n", pad, styled(s.Frame, "-->"), place)
		if l.Source == "" {
			continue
		}
		source, caret := expandTabs(l.Source, l.Column)
		fmt.Fprintf(b, "%s %s\n", pad, bar)
		fmt.Fprintf(b, "%s %s %s\n", styled(s.Frame, fmt.Sprintf("%*d", width, l.Line)), bar, source)
		if l.Column > 0 {
			fmt.Fprintf(b, "%s %s %s%s\n", pad, bar, strings.Repeat(" ", caret), styled(s.Error, "^"))
		}
	}
	if len(d.Labels) > 0 {
		fmt.Fprintf(b, "%s %s\n", pad, bar)
	}
	note := func(head, text string) {
		for i, line := range strings.Split(text, "\n") {
			if i == 0 {
				line = styled(s.Strong, head) + ": " + line
			} else {
				line = strings.Repeat(" ", len(head)+2) + line
			}
			fmt.Fprintf(b, "%s %s %s\n", pad, styled(s.Frame, "="), strings.TrimRight(line, " "))
		}
	}
	if d.KernelMessage != "" {
		text := d.KernelMessage
		if d.Insn != nil {
			first, rest, more := strings.Cut(text, "\n")
			text = fmt.Sprintf("%s (insn %d)", first, *d.Insn)
			if d.Function != "" && len(d.Labels) == 0 {
				text = fmt.Sprintf("%s (insn %d, in %s)", first, *d.Insn, d.Function)
			}
			if more {
				text += "\n" + rest
			}
		}
		note("verifier", text)
	}
	for _, n := range d.Notes {
		note("note", n)
	}
}

// tabWidth is the width of a tab in the text form.
const tabWidth = 4

// expandTabs replaces tabs by spaces and returns how far right the byte at
// column (from 1) then stands.
func expandTabs(line string, column int) (string, int) {
	var b strings.Builder
	at, width := 0, 0
	for i, r := range line {
		if i == column-1 {
			at = width
		}
		if r == '\t' {
			b.WriteString(strings.Repeat(" ", tabWidth))
			width += tabWidth
		} else {
			b.WriteRune(r)
			width++
		}
	}
	if column-1 >= len(line) {
		at = width
	}
	return b.String(), at
}
