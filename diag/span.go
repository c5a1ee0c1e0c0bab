package diag

import (
	"cmp"
	"slices"
	"strings"
)

// span is a label over several lines: from a byte of its first line to a byte
// (exclusive) of its last one. It is drawn in the margin left of the source:
//
//	12 | /     for (i = 0; i < n; i++) {
//	13 | |             sum += a[i];
//	14 | |     }
//	   | |_____^ never ends
type span struct {
	start, end int
	from, to   int
	primary    bool
	text       string
	slash      bool // only white space is before it, so that its start needs no row
	depth      int  // column in the margin
}

// maxDepth is how many spans can be open at one line; others are marked at
// their first line only.
const maxDepth = 4

// nest gives spans that overlap columns of their own, outer ones left.
func (s *snippet) nest() {
	slices.SortStableFunc(s.spans, func(a, b span) int {
		return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(b.end, a.end))
	})
	var placed []span
	for _, sp := range s.spans {
		taken := func() bool {
			return slices.ContainsFunc(placed, func(o span) bool {
				return o.depth == sp.depth && o.start <= sp.end && sp.start <= o.end
			})
		}
		for sp.depth < maxDepth && taken() {
			sp.depth++
		}
		if sp.depth == maxDepth {
			line, _ := s.view.line(sp.start)
			to := max(sp.from+1, len(strings.TrimRight(line, " \t")))
			s.marks[sp.start] = append(s.marks[sp.start], mark{sp.from, to, sp.primary, sp.text})
			continue
		}
		placed = append(placed, sp)
	}
	s.spans = placed
}

func (s *snippet) depth() int {
	n := 0
	for _, sp := range s.spans {
		n = max(n, sp.depth+1)
	}
	return n
}

// margin is the state of the columns left of the source.
type margin struct {
	spans []span
	open  []*span // by depth; nil where none is open
}

func newMargin(s *snippet) *margin { return &margin{spans: s.spans, open: make([]*span, s.depth())} }

func (m *margin) width() int {
	if len(m.open) == 0 {
		return 0
	}
	return len(m.open) + 1
}

// row starts a row with the bars of the open spans.
func (m *margin) row(p *printer) row {
	var r row
	for depth, sp := range m.open {
		if sp != nil {
			r.put(depth, p.spanBar, p.labelInk(sp.primary))
		}
	}
	return r
}

// sourceRow is the row of line n itself; spans that need no row of their own
// start here.
func (m *margin) sourceRow(p *printer, n int) row {
	r := m.row(p)
	for i := range m.spans {
		if sp := &m.spans[i]; sp.start == n && sp.slash {
			m.open[sp.depth] = sp
			r.put(sp.depth, p.spanStart, p.labelInk(sp.primary))
		}
	}
	return r
}

// spanRows prints the ends and the starts of spans below line n.
func (p *printer) spanRows(n int, w *window, m *margin) {
	for _, sp := range slices.Backward(m.open) {
		if sp == nil || sp.end != n {
			continue
		}
		_, end := w.span(max(sp.to-1, 0), sp.to)
		r := p.spanRow(m, sp, m.width()+end-1)
		r.put(sp.depth, p.last, p.labelInk(sp.primary))
		if sp.text != "" {
			r.at, r.text = m.width()+end+1, piece{p.labelInk(sp.primary), visible(sp.text)}
		}
		m.open[sp.depth] = nil
		p.framed(r)
	}
	for i := range m.spans {
		sp := &m.spans[i]
		if sp.start != n || sp.slash {
			continue
		}
		start, _ := w.span(sp.from, sp.from+1)
		p.framed(p.spanRow(m, sp, m.width()+start))
		m.open[sp.depth] = sp
	}
}

// spanRow draws a line from a span's column to its end at column at, behind
// the bars of the spans that it crosses.
func (p *printer) spanRow(m *margin, sp *span, at int) row {
	i := p.labelInk(sp.primary)
	r := m.row(p)
	for c := sp.depth + 1; c < at; c++ {
		if c >= len(m.open) || m.open[c] == nil {
			r.put(c, p.spanLine, i)
		}
	}
	if p.Unicode && (m.open[sp.depth] == nil) {
		r.put(sp.depth, p.spanStart, i)
	}
	tip := p.secondaryTip
	if sp.primary {
		tip = p.primaryTip
	}
	r.put(at, tip, i)
	return r
}
