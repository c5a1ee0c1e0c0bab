package diag

import (
	"fmt"
	"slices"
	"strings"
)

// Text renders diagnostics in the text form. The zero value renders without
// files, colour or links, in ASCII.
type Text struct {
	Sources *Sources
	Pages   Pages
	Color   bool
	Unicode bool // draw frames with more than ASCII
	Links   bool // codes are hyperlinks to their pages (OSC 8), for terminals only
	Width   int  // of the terminal in columns; 0 for DefaultWidth
	// Compiler asks for the headline that compilers print, and what reads their
	// output understands: "x.c:3:5: error: … [BPF0101]". It is what stands for the
	// place of a diagnostic that has none, such as the object's path.
	Compiler string
}

// DefaultWidth is the width that source lines are fitted to where nothing says
// how wide the output is shown.
const DefaultWidth = 140

// Bounds of one diagnostic's text form.
const (
	maxLabels      = 24
	maxCalls       = 8
	maxNotes       = 32
	maxAlsoIn      = 8
	maxKernelLines = 4
	maxNoteLines   = 24
)

// printer renders one diagnostic.
type printer struct {
	pen
	Text
	frame
	d      *Diagnostic
	gutter int // columns of a line number
	width  int
}

// Render returns the text form of a diagnostic, lines ended by newlines. Apart
// from these, from colours and from links it holds no control character,
// whatever is in the diagnostic.
func (t Text) Render(d Diagnostic) string {
	p := &printer{Text: t, frame: asciiFrame, d: &d, gutter: 1, width: t.Width}
	p.color = t.Color
	if t.Unicode {
		p.frame = unicodeFrame
	}
	if p.width <= 0 {
		p.width = DefaultWidth
	}
	p.width = max(p.width, 40)

	snippets := p.snippets()
	helps := p.patches()
	for _, s := range snippets {
		p.gutter = max(p.gutter, s.digits())
	}
	for _, h := range helps {
		p.gutter = max(p.gutter, h.digits())
	}

	p.headline()
	for i, s := range snippets {
		p.snippet(s, i == 0)
	}
	p.notes()
	for _, h := range helps {
		p.help(h)
	}
	p.kernel()
	if _, ok := p.Pages.page(d.Code); ok {
		p.remark(inkStrong, "for more", "bpfdiag explain "+visible(d.Code))
	}
	return p.b.String()
}

func (p *printer) headline() {
	head, code := visible(string(p.d.Severity)), ""
	if p.d.Code != "" {
		code = visible(p.d.Code)
		if page, ok := p.Pages.page(p.d.Code); ok && p.Links && plainASCII(page.URL) && page.URL != "" {
			code = "\x1b]8;;" + page.URL + "\x1b\\" + code + "\x1b]8;;\x1b\\"
		}
		code = "[" + code + "]"
	}
	if p.Compiler != "" {
		where := p.Compiler
		if l := p.d.primary(); l != nil && l.File != "" {
			where = place(l.File, l.Line, l.Column)
		}
		p.line(piece{inkStrong, visible(where) + ": "}, piece{p.severityInk(), head + ": "}, piece{inkStrong, visible(p.d.Message)},
			piece{inkPlain, " " + code})
		return
	}
	head += code
	p.line(piece{p.severityInk(), head}, piece{inkStrong, ": " + visible(p.d.Message)})
}

func (p *printer) severityInk() ink {
	if p.d.Severity == SeverityWarning {
		return inkWarning
	}
	return inkError
}

// bare is a line with nothing but the frame.
func (p *printer) bare() { p.framed(row{}) }

// framed prints a row beside an empty gutter.
func (p *printer) framed(r row) { p.gutterLine(strings.Repeat(" ", p.gutter), p.bar, inkFrame, r) }

func (p *printer) gutterLine(number string, op rune, i ink, r row) {
	p.line(slices.Concat([]piece{{inkFrame, number + " "}, {i, string(op)}, {inkPlain, " "}}, r.pieces())...)
}

// remark is a "= head: text" line; further lines of the text are indented.
func (p *printer) remark(i ink, head, text string) {
	lines := strings.Split(strings.TrimRight(text, "\r\n \t"), "\n")
	more := len(lines) - maxNoteLines
	lines = lines[:min(len(lines), maxNoteLines)]
	if more > 0 {
		lines = append(lines, fmt.Sprintf("... and %d more lines", more))
	}
	pad := strings.Repeat(" ", p.gutter+1)
	hang := pad + strings.Repeat(" ", len(head)+4)
	for n, l := range lines {
		for k, l := range p.wrap(visible(strings.TrimRight(l, "\r")), len(hang), i) {
			if n+k == 0 {
				p.line(piece{inkFrame, pad + "= "}, piece{i, head}, piece{inkPlain, ": " + l})
			} else {
				p.line(piece{inkPlain, hang + l})
			}
		}
	}
}

// wrap breaks a sentence between words where a terminal would break it anywhere.
// The kernel's words stay as they are.
func (p *printer) wrap(s string, indent int, i ink) []string {
	room := p.Width - indent
	if p.Width == 0 || i == inkStrong || room < 20 {
		return []string{s}
	}
	var lines []string
	for len(s) > 0 && textWidth(s) > room {
		end, next := 0, 0
		for at, c := range s {
			if c != ' ' {
				continue
			}
			if textWidth(s[:at]) > room && end > 0 {
				break
			}
			end, next = at, at+1
		}
		if end == 0 {
			break
		}
		lines, s = append(lines, s[:end]), s[next:]
	}
	return append(lines, s)
}

func (p *printer) notes() {
	said := map[string]bool{}
	for _, l := range p.d.Labels {
		if text := inlined(l); text != "" && !said[text] && len(said) < maxCalls {
			said[text] = true
			if main := p.d.primary(); main == nil || inlined(*main) != text {
				text = fmt.Sprintf("line %d is %s", l.Line, text)
			}
			p.remark(inkNote, "note", text)
		}
	}
	for i, n := range p.d.Notes {
		if i == maxNotes {
			p.remark(inkNote, "note", fmt.Sprintf("... and %d more notes", len(p.d.Notes)-i))
			break
		}
		p.remark(inkNote, "note", n)
	}
	if len(p.d.AlsoIn) > 0 {
		names := p.d.AlsoIn[:min(len(p.d.AlsoIn), maxAlsoIn)]
		text := "also in `" + strings.Join(names, "`, `") + "`"
		if more := len(p.d.AlsoIn) - len(names); more > 0 {
			text += fmt.Sprintf(" and %d more", more)
		}
		p.remark(inkNote, "note", strings.ReplaceAll(text, "\n", " "))
	}
}

// inlined tells the way from a label's place to the program, a call a line.
func inlined(l Label) string {
	if len(l.InlinedFrom) == 0 {
		return ""
	}
	var b strings.Builder
	if l.Function != "" {
		fmt.Fprintf(&b, "in `%s`, ", l.Function)
	}
	for i, c := range l.InlinedFrom {
		if i == maxCalls {
			fmt.Fprintf(&b, "\n... and %d more", len(l.InlinedFrom)-i)
			break
		}
		if i > 0 {
			b.WriteString("\n")
		}
		fmt.Fprintf(&b, "inlined from `%s` at %s", oneLine(c.Function), oneLine(place(c.File, c.Line, c.Column)))
	}
	return b.String()
}

// kernel prints the kernel's words: what it complains of, not the report that
// Linux 7.3 and later add to it.
func (p *printer) kernel() {
	lines := complaint(p.d.KernelMessage)
	if len(lines) == 0 {
		return
	}
	more := len(lines) - maxKernelLines
	lines = lines[:min(len(lines), maxKernelLines)]
	if p.d.Insn != nil {
		where := fmt.Sprintf(" (insn %d", *p.d.Insn)
		if p.d.Function != "" && p.d.primary() == nil {
			where += ", in `" + oneLine(p.d.Function) + "`"
		}
		lines[0] += where + ")"
	}
	if more > 0 {
		lines = append(lines, fmt.Sprintf("... and %d more lines", more))
	}
	p.remark(inkStrong, "verifier", strings.Join(lines, "\n"))
}

// complaint returns the lines of a kernel message that come before the report,
// or the report's title if nothing does.
func complaint(message string) []string {
	var lines []string
	for l := range strings.Lines(message) {
		l = strings.TrimRight(l, "\r\n \t")
		report := strings.HasPrefix(l, "Verification failed: ")
		if !report || len(lines) == 0 {
			if l != "" {
				lines = append(lines, l)
			}
		}
		if report {
			break
		}
	}
	return lines
}

// place is a position as compilers print it.
func place(file string, line, column int) string {
	switch {
	case line <= 0:
		return file
	case column <= 0:
		return fmt.Sprintf("%s:%d", file, line)
	}
	return fmt.Sprintf("%s:%d:%d", file, line, column)
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
