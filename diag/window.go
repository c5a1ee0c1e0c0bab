package diag

import (
	"slices"
	"sort"
	"strings"
	"unicode/utf8"
)

// ellipsis stands for what is left out of a line, three columns wide.
const ellipsis = "..."

// window is the part of a line that fits the terminal.
type window struct {
	text   string
	cells  []cell // of the whole line, or of what was looked at
	starts []int  // the column of each cell, and the end of the last
	from   int    // column of the line that stands at column lead
	lead   int    // columns of the ellipsis before it
	end    int    // column after the last one seen
	length int    // bytes of the line
}

// fit cuts a line to width columns so that the byte range that has to be seen
// is. It cuts nothing off a line that fits.
func fit(line string, width int, from, to int) window {
	w := window{length: len(line)}
	base := 0
	if len(line) > maxShownBytes {
		// Nobody reads such a line; look at the neighbourhood only.
		base = max(0, min(from, len(line))-maxShownBytes/2)
		for base > 0 && base < len(line) && !utf8.RuneStart(line[base]) {
			base--
		}
	}
	end := min(len(line), base+maxShownBytes)
	for end < len(line) && !utf8.RuneStart(line[end]) {
		end++
	}
	w.cells = cells(line[base:end])
	w.starts = make([]int, len(w.cells)+1)
	for i := range w.cells {
		w.cells[i].off += base
		w.starts[i+1] = w.starts[i] + w.cells[i].width
	}
	total := w.starts[len(w.cells)]

	first, last := 0, len(w.cells)
	cutLeft, cutRight := base > 0, end < len(line)
	if total > width || cutLeft || cutRight {
		s, e := w.raw(from), max(w.raw(from)+1, w.rawEnd(to))
		room := max(width-2*len(ellipsis), 1)
		left := 0 // column that the view starts at
		switch {
		case e <= width-len(ellipsis) && !cutLeft:
		case e-s >= room:
			left = s - min(8, room/4)
		default:
			left = s - (room-(e-s))/2
		}
		left = max(0, min(left, total-room))
		if left > 0 {
			first = sort.Search(len(w.cells), func(i int) bool { return w.starts[i] >= left })
			cutLeft = true
		}
		limit := width
		if cutLeft {
			limit -= len(ellipsis)
		}
		if cutRight || total-w.starts[first] > limit {
			limit -= len(ellipsis)
			last = sort.Search(len(w.cells), func(i int) bool { return w.starts[i+1] > w.starts[first]+limit })
			last = max(last, first)
			cutRight = last < len(w.cells) || end < len(line)
		}
	}
	var b strings.Builder
	if cutLeft {
		b.WriteString(ellipsis)
		w.lead = len(ellipsis)
	}
	for _, c := range w.cells[first:last] {
		b.WriteString(c.text)
	}
	w.from = w.starts[first]
	w.end = w.starts[last] - w.from + w.lead
	if cutRight {
		b.WriteString(ellipsis)
	}
	w.text = b.String()
	return w
}

// raw is the column, in the whole line, of the cell that holds a byte.
func (w *window) raw(off int) int {
	if off >= w.length || len(w.cells) == 0 {
		return w.starts[len(w.cells)]
	}
	i := sort.Search(len(w.cells), func(i int) bool { return w.cells[i].off > off })
	return w.starts[max(i-1, 0)]
}

// rawEnd is the column after the cell that ends at a byte, or holds it.
func (w *window) rawEnd(off int) int {
	i, _ := slices.BinarySearchFunc(w.cells, off, func(c cell, off int) int { return c.off - off })
	return w.starts[i]
}

func (w *window) clamp(column int) int {
	return min(max(column-w.from+w.lead, w.lead), w.end)
}

// span returns the columns of a byte range as they are seen, one at least.
func (w *window) span(from, to int) (start, end int) {
	start = w.clamp(w.raw(from))
	return start, max(start+1, w.clamp(w.rawEnd(to)))
}
