package lsp

import (
	"cmp"
	"fmt"
	"strings"
	"unicode/utf8"
)

// encoding is how a client counts the characters of a line.
type encoding string

// The encodings. Every client knows UTF-16.
const (
	utf8Encoding  encoding = "utf-8"
	utf16Encoding encoding = "utf-16"
)

// chooseEncoding takes UTF-8, which needs no counting, from a client that
// offers it.
func chooseEncoding(offered []string) encoding {
	for _, e := range offered {
		if e == string(utf8Encoding) {
			return utf8Encoding
		}
	}
	return utf16Encoding
}

// text is what a file holds, and where its lines begin. A line ends with \n,
// \r\n or \r, as the protocol and clang have it.
type text struct {
	content string
	starts  []int
}

func newText(content string) text {
	t := text{content: content, starts: make([]int, 1, 1+strings.Count(content, "\n"))}
	cr := strings.IndexByte(content, '\r') >= 0
	for i := 0; i < len(content); {
		var n int
		if cr {
			n = strings.IndexAny(content[i:], "\r\n")
		} else {
			n = strings.IndexByte(content[i:], '\n')
		}
		if n < 0 {
			break
		}
		i += n + 1
		if content[i-1] == '\r' && i < len(content) && content[i] == '\n' {
			i++
		}
		t.starts = append(t.starts, i)
	}
	return t
}

// line returns the offsets at which line n, from 0, begins and ends, its line
// break left out.
func (t *text) line(n int) (start, end int) {
	start, end = t.starts[n], len(t.content)
	if n+1 < len(t.starts) {
		end = t.starts[n+1]
	}
	return start, start + len(strings.TrimRight(t.content[start:end], "\r\n"))
}

// lineOf is the line, from 0, that an offset is in.
func (t *text) lineOf(offset int) int {
	low, high := 0, len(t.starts)
	for low+1 < high {
		if m := (low + high) / 2; t.starts[m] <= offset {
			low = m
		} else {
			high = m
		}
	}
	return low
}

// offset is where a client's position is. What is behind a line's end is at its
// end, and what is behind the last line at the text's end, as the protocol wants.
func (t *text) offset(p Position, e encoding) int {
	if int64(p.Line) >= int64(len(t.starts)) {
		return len(t.content)
	}
	start, end := t.line(int(p.Line))
	left := int64(p.Character)
	for start < end {
		r, size := utf8.DecodeRuneInString(t.content[start:end])
		if e == utf8Encoding {
			left -= int64(size)
		} else {
			left -= utf16Len(r)
		}
		if left < 0 {
			break // no place is inside a character
		}
		start += size
	}
	return start
}

// position is the client's for an offset; one in a line break is the line's end,
// one in a character its beginning.
func (t *text) position(offset int, e encoding) Position {
	offset = min(max(offset, 0), len(t.content))
	n := t.lineOf(offset)
	start, end := t.line(n)
	offset = min(offset, end)
	units, at := int64(0), start
	for at < offset {
		r, size := utf8.DecodeRuneInString(t.content[at:end])
		if at+size > offset {
			break
		}
		at += size
		units += utf16Len(r)
	}
	if e == utf8Encoding {
		return Position{uint32(n), uint32(at - start)}
	}
	return Position{uint32(n), uint32(units)}
}

// utf16Len counts a byte that is no UTF-8 as one, which is what an editor shows
// in its place.
func utf16Len(r rune) int64 {
	if r >= 0x10000 {
		return 2
	}
	return 1
}

// rangeOf is the client's range for two offsets.
func (t *text) rangeOf(start, end int, e encoding) Range {
	return Range{t.position(start, e), t.position(end, e)}
}

// at is the offset of a compiler's line and column, both from 1, the column in
// bytes. A column behind the line is its end. ok is false for a line that is
// not there.
func (t *text) at(line, column int) (offset int, ok bool) {
	if line < 1 || line > len(t.starts) {
		return 0, false
	}
	start, end := t.line(line - 1)
	return min(start+max(column-1, 0), end), true
}

func comparePositions(a, b Position) int {
	return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Character, b.Character))
}

// touches says whether two ranges have a place in common; their ends count.
func (r Range) touches(o Range) bool {
	return comparePositions(r.Start, o.End) <= 0 && comparePositions(o.Start, r.End) <= 0
}

func (r Range) String() string {
	return fmt.Sprintf("%d:%d-%d:%d", r.Start.Line, r.Start.Character, r.End.Line, r.End.Character)
}
