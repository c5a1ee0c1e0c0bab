package lsp

import (
	"testing"
	"unicode/utf8"
)

// FuzzPosition: an offset that begins a character comes back from the client's position,
// any position is somewhere in the text, and a place covers the same bytes after
// an edit, or is gone.
func FuzzPosition(f *testing.F) {
	f.Add("a\r\nb😀é\rc\n", "x\ny", uint16(3), uint16(5), uint16(1), uint16(4), uint32(1), uint32(2))
	f.Add("", "\xff\xf0", uint16(0), uint16(0), uint16(0), uint16(0), uint32(0), uint32(9))
	f.Add("\r\r\n\xf0\x9f", "", uint16(0), uint16(2), uint16(2), uint16(3), uint32(2), uint32(1))
	f.Fuzz(func(t *testing.T, content, new string, start, end, from, to uint16, line, character uint32) {
		in := func(n uint16) int { return int(n) % (len(content) + 1) }
		x := newText(content)
		for _, e := range []encoding{utf8Encoding, utf16Encoding} {
			if n := x.offset(Position{line, character}, e); n < 0 || n > len(content) {
				t.Fatalf("%d:%d is at %d", line, character, n)
			}
			at := in(start)
			p := x.position(at, e)
			first, last := x.line(int(p.Line))
			whole := at >= first && at <= last
			for i := first; whole && i < at; { // does a character begin there?
				_, size := utf8.DecodeRuneInString(content[i:last])
				i += size
				whole = i <= at
			}
			if back := x.offset(p, e); back > at || whole && back != at {
				t.Fatalf("%s: offset %d is %v, and that is %d", e, at, p, back)
			}
		}
		a, b := min(in(start), in(end)), max(in(start), in(end))
		file := &file{text: x}
		p := file.place(file.snapshot(), a, b, line%2 == 0)
		c, d := min(in(from), in(to)), max(in(from), in(to))
		file.change(c, d, new)
		if !p.gone && (p.start < 0 || p.end > len(file.text.content) || file.text.content[p.start:p.end] != content[a:b]) {
			t.Fatalf("%d to %d covers something else than %q after the edit", p.start, p.end, content[a:b])
		}
		// The text as a whole, as some clients send it, is one edit.
		if e, ok := difference(content, new); ok != (content != new) || ok && splice(content, e.start, e.end, new[e.start:e.start+e.length]) != new {
			t.Fatalf("%+v does not make %q of %q", e, new, content)
		}
	})
}
