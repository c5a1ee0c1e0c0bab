package diag

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// snippet is what is shown of one file: some lines, marked.
type snippet struct {
	file  string
	at    Label          // the place that the header names
	view  view           //
	marks map[int][]mark // by line
	spans []span         // over several lines
	rest  []Label        // labels on lines whose text is not known
}

// mark is a label within one line: bytes from, to (exclusive).
type mark struct {
	from, to int
	primary  bool
	text     string
}

// snippets groups the labels by file, the primary label's file first.
func (p *printer) snippets() []*snippet {
	primary := p.d.primary()
	if primary == nil {
		return nil
	}
	labels := slices.Clone(p.d.Labels[:min(len(p.d.Labels), maxLabels)])
	if !slices.ContainsFunc(labels, func(l Label) bool { return l.Primary }) && primary.Primary {
		labels = append(labels, *primary)
	}
	var all []*snippet
	add := func(l Label) {
		if l.File == "" {
			return
		}
		i := slices.IndexFunc(all, func(s *snippet) bool { return s.file == l.File })
		if i < 0 {
			i = len(all)
			all = append(all, &snippet{file: l.File, at: l, view: p.Sources.view(p.d, l.File), marks: map[int][]mark{}})
		}
		all[i].add(l)
	}
	for _, l := range labels {
		if l.Primary {
			add(l)
		}
	}
	for _, l := range labels {
		if !l.Primary {
			add(l)
		}
	}
	for _, s := range all {
		s.nest()
	}
	return all
}

// add places a label in the snippet's lines.
func (s *snippet) add(l Label) {
	first, ok := s.view.line(l.Line)
	if !ok {
		s.rest = append(s.rest, l)
		return
	}
	from, to := extent(first, l.Column, l.EndColumn)
	if l.EndLine > l.Line {
		if last, ok := s.view.line(l.EndLine); ok {
			_, end := extent(last, 1, l.EndColumn)
			if l.EndColumn <= 0 {
				end = len(strings.TrimRight(last, " \t"))
			}
			if l.Column <= 0 {
				from = len(first) - len(strings.TrimLeft(first, " \t"))
			}
			s.spans = append(s.spans, span{
				start: l.Line, end: l.EndLine, from: from, to: end, primary: l.Primary, text: l.Text,
				slash: strings.TrimLeft(first[:min(from, len(first))], " \t") == "",
			})
			return
		}
		to = len(first) // as far as the text is known
	}
	s.marks[l.Line] = append(s.marks[l.Line], mark{from, to, l.Primary, l.Text})
}

// extent turns columns into bytes of a line: the whole line without a column,
// one character without an end.
func extent(line string, column, endColumn int) (from, to int) {
	if column <= 0 {
		text := strings.TrimRight(line, " \t")
		return len(text) - len(strings.TrimLeft(text, " \t")), len(text)
	}
	from = min(column-1, len(line))
	to = min(max(endColumn-1, 0), len(line))
	return from, max(from+1, to)
}

// lines lists the lines to show, in order. Of a span over many lines only the
// first two and the last two.
func (s *snippet) lines() []int {
	want := map[int]bool{}
	for n := range s.marks {
		want[n] = true
	}
	for _, sp := range s.spans {
		want[sp.start], want[sp.end] = true, true
		want[sp.start+1], want[sp.end-1] = true, true
	}
	all := slices.Sorted(maps.Keys(want))
	// A single line between two others takes no more room than dots do.
	for i := 0; i+1 < len(all); i++ {
		if all[i+1]-all[i] == 2 {
			all = slices.Insert(all, i+1, all[i]+1)
		}
	}
	return slices.DeleteFunc(all, func(n int) bool { _, ok := s.view.line(n); return !ok })
}

func (s *snippet) digits() int {
	n := 1
	for _, l := range s.lines() {
		n = max(n, len(strconv.Itoa(l)))
	}
	return n
}

// snippet prints a file's name, its lines and their marks.
func (p *printer) snippet(s *snippet, first bool) {
	pad := strings.Repeat(" ", p.gutter)
	head := p.arrow
	if !first {
		head = p.next
	}
	if !first || p.Compiler == "" {
		p.line(piece{inkFrame, pad + head}, piece{inkPlain, visible(place(s.file, s.at.Line, s.at.Column))})
	}
	lines := s.lines()
	if len(lines) > 0 {
		p.bare()
	}
	m := newMargin(s)
	for i, n := range lines {
		if i > 0 && n > lines[i-1]+1 {
			p.dotted(m.row(p))
		}
		p.sourceLine(s, n, m)
	}
	if len(lines) > 0 {
		p.bare()
	}
	for _, l := range s.rest {
		head := "note"
		if l.Line > 0 {
			head = fmt.Sprintf("line %d", l.Line)
		}
		if l.Text != "" {
			p.remark(p.labelInk(l.Primary), head, oneLine(l.Text))
		}
	}
}

// dotted stands for lines left out; spans that go on through them are drawn.
func (p *printer) dotted(r row) {
	pad := strings.Repeat(" ", p.gutter-1)
	p.line(slices.Concat([]piece{{inkFrame, pad + p.dots}, {inkPlain, " "}}, r.pieces())...)
}

// sourceLine prints one line of source and what is drawn below it.
func (p *printer) sourceLine(s *snippet, n int, m *margin) {
	text, _ := s.view.line(n)
	marks := s.marks[n]
	from, to := 0, 0
	seen := func(a, b int) {
		if to == 0 {
			from, to = a, b
		}
		from, to = min(from, a), max(to, b)
	}
	for _, k := range marks {
		seen(k.from, k.to)
	}
	for _, sp := range s.spans {
		if sp.start == n && !sp.slash {
			seen(sp.from, sp.from+1)
		}
		if sp.end == n {
			seen(max(sp.to-1, 0), sp.to)
		}
	}
	for _, k := range marks {
		if k.primary && to-from > p.room(m)-2*len(ellipsis) {
			from, to = k.from, k.to // where not all can be seen
		}
	}
	w := fit(text, p.room(m), from, to)

	r := m.sourceRow(p, n)
	r.at, r.text = m.width(), piece{inkPlain, w.text}
	p.gutterLine(fmt.Sprintf("%*d", p.gutter, n), p.bar, inkFrame, r)
	p.marks(marks, &w, m)
	p.spanRows(n, &w, m)
}

// room is the number of columns for a source line.
func (p *printer) room(m *margin) int { return max(p.width-p.gutter-3-m.width(), 20) }
