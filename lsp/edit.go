package lsp

import "strings"

// edit says that the bytes from start to end became others, length of them.
type edit struct{ start, end, length int }

// difference is the one edit that makes a text of another: all between what
// both begin with and what both end with.
func difference(old, new string) (e edit, ok bool) {
	if old == new {
		return edit{}, false
	}
	n := min(len(old), len(new))
	start := 0
	for start < n && old[start] == new[start] {
		start++
	}
	tail := 0
	for tail < n-start && old[len(old)-1-tail] == new[len(new)-1-tail] {
		tail++
	}
	return edit{start, len(old) - tail, len(new) - tail - start}, true
}

// place is a range of bytes in a file's current text. It follows the file's edits
// until one touches it.
type place struct {
	file       *file
	start, end int
	// whole says that the lines belong to it as they are: what is put at its very
	// start or end touches it too.
	whole bool
	gone  bool
}

// move follows an edit; before and after are the file's text.
func (p *place) move(e edit, before, after string) {
	shift := e.length - (e.end - e.start)
	switch {
	case p.gone:
	case e.end < p.start || e.end == p.start && !p.whole && !continues(after, e.start+e.length, p.end-p.start):
		p.start += shift
		p.end += shift
	case e.start > p.end || e.start == p.end && !p.whole && p.end > p.start && !wordAt(before, p.end-1, after, e.start):
	default:
		p.gone = true
	}
}

// continues says whether a place of n bytes at an offset and what is before it
// are one word: then another word is there than the one that was marked.
func continues(s string, at, n int) bool {
	return n > 0 && at > 0 && at < len(s) && isWord(s[at-1]) && isWord(s[at])
}

// wordAt says the same of the end of a place.
func wordAt(before string, last int, after string, next int) bool {
	return last < len(before) && next < len(after) && isWord(before[last]) && isWord(after[next])
}

func isWord(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' || c >= 0x80
}

// splice makes an edit in a text.
func splice(s string, start, end int, new string) string {
	var b strings.Builder
	b.Grow(len(s) - (end - start) + len(new))
	b.WriteString(s[:start])
	b.WriteString(new)
	b.WriteString(s[end:])
	return b.String()
}
