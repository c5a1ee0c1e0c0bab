package sourcetext

import "sort"

// Span is a part of a text, in bytes: [Start, End).
type Span struct{ Start, End int }

// Offset returns where a line and column, counted from 1, the column in
// bytes, are in the text. Column 0 stands for the line's first character that
// is no space. ok is false when the text has no such place.
func (f *File) Offset(line, column int) (int, bool) {
	if line -= f.before; line < 1 || line > len(f.lines) || column < 0 {
		return 0, false
	}
	start := f.lines[line-1]
	end := len(f.text)
	if line < len(f.lines) {
		end = f.lines[line] - 1
	}
	if column == 0 {
		for start < end && (f.text[start] == ' ' || f.text[start] == '\t') {
			start++
		}
		return start, true
	}
	if column-1 > end-start {
		return 0, false
	}
	return start + column - 1, true
}

// Position returns the line and column of an offset.
func (f *File) Position(off int) (line, column int) {
	line = sort.Search(len(f.lines), func(i int) bool { return f.lines[i] > off })
	return line + f.before, off - f.lines[line-1] + 1
}

// Text returns the bytes of a span.
func (f *File) Text(s Span) string { return string(f.text[s.Start:s.End]) }

// tokenAt returns the token at an offset, or the next one of its line.
func (f *File) tokenAt(off int) (int, bool) {
	i := sort.Search(len(f.toks), func(i int) bool { return f.toks[i].end > off })
	if i == len(f.toks) {
		return 0, false
	}
	for _, d := range f.dirs {
		if d.Start <= off && off < d.End {
			return 0, false
		}
	}
	for p := off; p < f.toks[i].start; p++ {
		if f.text[p] == '\n' {
			return 0, false
		}
	}
	return i, true
}

// Indent returns the space with which the line of an offset begins.
func (f *File) Indent(off int) string {
	line, _ := f.Position(off)
	start := f.lines[line-f.before-1]
	end := start
	for end < off && (f.text[end] == ' ' || f.text[end] == '\t') {
		end++
	}
	return string(f.text[start:end])
}
