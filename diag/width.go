package diag

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/clipperhouse/displaywidth"
)

// tabWidth is what a tab takes in the text form, wherever it stands, so that
// indentation looks the same on every line.
const tabWidth = 4

// Bounds of what is looked at of a source line, and shown of one line of words.
const (
	maxShownBytes = 4096
	maxWordBytes  = 1024
)

// cell is what a terminal shows as one character.
type cell struct {
	text  string
	width int // columns: 0, 1, 2, or more for what is written out
	off   int // byte offset in the line
}

// cells splits a line. Control characters, invalid UTF-8, and characters that
// hide or reorder others are written out, so that no source can speak to the
// terminal or look like what it is not.
func cells(line string) []cell {
	out := make([]cell, 0, len(line))
	off := 0
	for g := displaywidth.StringGraphemes(line); g.Next(); {
		v := g.Value()
		switch {
		case v == "\t":
			out = append(out, cell{strings.Repeat(" ", tabWidth), tabWidth, off})
		case strings.IndexFunc(v, isHidden) < 0 && utf8.ValidString(v):
			out = append(out, cell{v, g.Width(), off})
		default:
			out = appendVisible(out, v, off)
		}
		off += len(v)
	}
	return out
}

func appendVisible(out []cell, v string, off int) []cell {
	for i := 0; i < len(v); {
		r, n := utf8.DecodeRuneInString(v[i:])
		text, width := v[i:i+n], 0
		switch {
		case r == utf8.RuneError && n <= 1:
			text = fmt.Sprintf(`\x%02x`, v[i])
		case r == '\uFEFF' && off+i == 0:
			text = "" // a byte order mark
		case isHidden(r) && r < 0x80:
			text = fmt.Sprintf(`\x%02x`, r)
		case isHidden(r):
			text = fmt.Sprintf("<U+%04X>", r)
		default:
			width = displaywidth.Rune(r)
		}
		if width == 0 && text != v[i:i+n] {
			width = len(text)
		}
		out = append(out, cell{text, width, off + i})
		i += n
	}
	return out
}

// isHidden: control characters (Cc), formatting ones (Cf: bidirectional
// overrides, zero-width spaces) but the joiners that emoji and some scripts
// need, line and paragraph separators, and what is not a character.
func isHidden(r rune) bool {
	switch r {
	case '\u200c', '\u200d':
		return false
	case '\u2028', '\u2029', '\u034f', '\u115f', '\u1160', '\u3164', '\uffa0':
		return true
	}
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Cs) || r >= 0xe0000 && r <= 0xe0fff || r&0xfffe == 0xfffe
}

// Visible makes one line of text that came from outside fit for a terminal:
// control characters, and others that hide or reorder text, are written out,
// line breaks and tabs are spaces.
func Visible(s string) string {
	if plainASCII(s) {
		return s
	}
	var b strings.Builder
	for _, c := range cells(strings.NewReplacer("\r\n", " ", "\n", " ").Replace(s)) {
		b.WriteString(c.text)
	}
	return b.String()
}

// visible is Visible of what is not too long for a line of words.
func visible(s string) string {
	if len(s) > maxWordBytes {
		s = strings.ToValidUTF8(s[:maxWordBytes], "") + ellipsis
	}
	return Visible(s)
}

func plainASCII(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// textWidth is the number of columns that visible text takes.
func textWidth(s string) int { return displaywidth.String(s) }
