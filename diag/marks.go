package diag

import (
	"cmp"
	"slices"
)

// placed is a mark at its columns, and how much it matters.
type placed struct {
	mark
	start, end int
}

// marks prints the underlines of a line and the labels' texts: the rightmost
// one's beside its underline, the others' below, each at the end of a line
// down from its underline.
//
//	a[i] = b[j];
//	---- ^ ---- loaded here
//	|    |
//	|    stored here
//	an array of 4
func (p *printer) marks(marks []mark, w *window, m *margin) {
	if len(marks) == 0 {
		return
	}
	all := make([]placed, len(marks))
	edge := 0
	for i, k := range marks {
		all[i].mark = k
		all[i].start, all[i].end = w.span(k.from, k.to)
		edge = max(edge, all[i].end)
	}
	// From right to left; of those that start together, the shortest first.
	slices.SortStableFunc(all, func(a, b placed) int {
		return cmp.Or(cmp.Compare(b.start, a.start), cmp.Compare(a.end, b.end))
	})

	left := m.width()
	under := m.row(p)
	for _, pass := range []bool{false, true} { // primary ones on top
		for _, k := range all {
			if k.primary == pass {
				for c := k.start; c < k.end; c++ {
					under.put(left+c, p.underline(k.primary), p.labelInk(k.primary))
				}
			}
		}
	}

	texts := slices.DeleteFunc(slices.Clone(all), func(k placed) bool { return k.text == "" })
	if i := p.beside(texts, edge, left); i >= 0 {
		under.at, under.text = left+edge+1, piece{p.labelInk(texts[i].primary), visible(texts[i].text)}
		texts = slices.Delete(texts, i, i+1)
	}
	p.framed(under)
	if len(texts) == 0 {
		return
	}
	hang := func(below int) row {
		r := m.row(p)
		for i := len(texts) - 1; i >= 0; i-- {
			if k := texts[i]; k.start < below {
				r.put(left+k.start, p.hang, p.labelInk(k.primary))
			}
		}
		return r
	}
	p.framed(hang(edge + 1))
	for _, k := range texts {
		r := hang(k.start)
		r.at, r.text = left+k.start, piece{p.labelInk(k.primary), visible(k.text)}
		p.framed(r)
	}
}

// beside picks the text that stands on the underlines' own line: one whose
// underline is the last, shares its start with no other text, and that fits
// there or would not fit below either. -1 for none.
func (p *printer) beside(texts []placed, edge, left int) int {
	i := slices.IndexFunc(texts, func(k placed) bool { return k.end == edge })
	if i < 0 {
		return -1
	}
	k := texts[i]
	for j, other := range texts {
		if j != i && other.start == k.start {
			return -1
		}
	}
	room, width := p.width-p.gutter-3-left, textWidth(visible(k.text))
	if edge+1+width > room && k.start+width <= room {
		return -1
	}
	return i
}

func (p *printer) underline(primary bool) rune {
	if primary {
		return p.primary
	}
	return p.secondary
}

func (p *printer) labelInk(primary bool) ink {
	if primary {
		return p.severityInk()
	}
	return inkSecondary
}
