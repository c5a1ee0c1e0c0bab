package diag

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// maxPatchLines is how much of one help's edits is shown.
const maxPatchLines = 40

// filePatch are the changes of one file.
type filePatch struct {
	file  string
	lines []patchLine
}

// patched is a help and its edits as they are shown; none for a sentence.
type patched struct {
	Help
	files []filePatch
}

// patches prepares the helps: sentences first, they stand with the notes.
func (p *printer) patches() []patched {
	var sentences, edits []patched
	for _, h := range p.d.Helps {
		if files, ok := p.filePatches(h.Edits); ok {
			edits = append(edits, patched{h, files})
		} else {
			sentences = append(sentences, patched{Help: h})
		}
	}
	return append(sentences, edits...)
}

func (p *printer) filePatches(edits []Edit) (files []filePatch, ok bool) {
	byFile := map[string][]Edit{}
	var order []string
	for _, e := range edits {
		if byFile[e.File] == nil {
			order = append(order, e.File)
		}
		byFile[e.File] = append(byFile[e.File], e)
	}
	for _, file := range order {
		lines, ok := patch(p.Sources.view(p.d, file), byFile[file])
		if !ok {
			return nil, false
		}
		files = append(files, filePatch{file, lines})
	}
	return files, len(files) > 0
}

func (h *patched) digits() int {
	n := 1
	for _, f := range h.files {
		for _, l := range f.lines {
			n = max(n, len(strconv.Itoa(l.number)))
		}
	}
	return n
}

// doubt is what a help's heading says beyond "help", so that nobody takes for
// proven what is not.
func (h *Help) doubt() string {
	var words []string
	switch {
	case h.Applicability == Likely:
		words = append(words, "likely")
	case h.Applicability == Placeholder && len(h.Edits) > 0:
		words = append(words, "to be adapted")
	}
	if h.Verified {
		words = append(words, "verified")
	}
	if len(words) == 0 {
		return ""
	}
	return " (" + strings.Join(words, ", ") + ")"
}

func (p *printer) help(h patched) {
	if len(h.files) == 0 {
		p.remark(inkHelp, "help"+h.doubt(), h.Text)
		return
	}
	p.line(piece{inkHelp, "help" + h.doubt()}, piece{inkPlain, ": " + visible(h.Text)})
	left := maxPatchLines
	l := p.d.primary()
	for i, f := range h.files {
		if i > 0 {
			p.bare()
		}
		if len(h.files) > 1 || l == nil || l.File != f.file {
			p.line(piece{inkFrame, strings.Repeat(" ", p.gutter) + p.arrow}, piece{inkPlain, visible(f.file)})
		}
		p.bare()
		for i, line := range f.lines {
			if left--; left < 0 {
				p.remark(inkNote, "note", fmt.Sprintf("%d more lines change", len(f.lines)-i))
				break
			}
			p.patchLine(line)
		}
	}
	p.bare()
}

func (p *printer) patchLine(l patchLine) {
	if l.op == '.' {
		p.dotted(row{})
		return
	}
	m := &margin{}
	from, to := 0, 0
	if len(l.marks) > 0 {
		from, to = l.marks[0].from, slices.MaxFunc(l.marks, func(a, b change) int { return a.to - b.to }).to
	}
	w := fit(l.text, p.room(m), from, to)
	op, i, textInk := rune(l.op), inkFrame, inkPlain
	switch l.op {
	case '+':
		i, textInk = inkAdded, inkAdded
	case '-':
		i, textInk = inkRemoved, inkRemoved
	case '~':
		i = inkChanged
	default:
		op = p.bar
	}
	p.gutterLine(fmt.Sprintf("%*d", p.gutter, l.number), op, i, row{text: piece{textInk, w.text}})
	if len(l.marks) == 0 {
		return
	}
	var under row
	for _, k := range l.marks {
		start, end := w.span(k.from, k.to)
		for c := start; c < end; c++ {
			if k.inserted {
				under.put(c, '+', inkAdded)
			} else {
				under.put(c, '~', inkChanged)
			}
		}
	}
	p.framed(under)
}
