package verifierlog

import (
	"bytes"
	"strconv"
	"unicode/utf8"
)

// findText is a line as the kernel wrote it, and where its bytes are in the
// input.
type findText struct {
	b      []byte
	at     []int32 // of each byte, from base; nil if they follow each other
	base   int64
	line   int
	eol    bool
	inside bool // goes on with a line, see findPiece
	last   bool // the string that a whole log was written in ends here
}

func (t findText) origin() Origin {
	if len(t.at) > 0 {
		return Origin{t.line, t.base + int64(t.at[0])}
	}
	return Origin{t.line, t.base}
}

// cut takes n bytes away in front.
func (t findText) cut(n int) findText {
	switch {
	case t.at == nil:
		t.base += int64(n)
	case n < len(t.at):
		t.at = t.at[n:]
	case n > 0:
		t.base += int64(t.at[n-1]) + 1
		t.at = nil
	}
	t.b = t.b[n:]
	return t
}

func (t findText) clone() findText {
	t.b = append([]byte(nil), t.b...)
	if t.at != nil {
		t.at = append([]int32(nil), t.at...)
	}
	return t
}

// findRewrite begins a text that is made from t; put appends to it what byte i
// of t stands for.
func findRewrite(t findText, buf *findText) findText {
	out := t
	out.b, out.at = buf.b[:0], buf.at[:0]
	return out
}

func (t *findText) put(from *findText, i int, s ...byte) {
	at := int32(i)
	if from.at != nil {
		at = from.at[i]
	}
	for _, c := range s {
		t.b = append(t.b, c)
		t.at = append(t.at, at)
	}
}

func (t findText) keep(buf *findText) findText {
	buf.b, buf.at = t.b, t.at
	if len(t.b) == 0 {
		t.at = nil
	}
	return t
}

// findUncolour takes away what a terminal does not show: ECMA-48 control
// sequences and operating system commands.
func findUncolour(t findText, buf *findText) findText {
	out := findRewrite(t, buf)
	for i := 0; i < len(t.b); i++ {
		if t.b[i] != 0x1b || i+1 == len(t.b) {
			out.put(&t, i, t.b[i])
			continue
		}
		switch i++; t.b[i] {
		case '[':
			for i++; i < len(t.b) && (t.b[i] < 0x40 || t.b[i] > 0x7e); i++ {
			}
		case ']':
			for i++; i < len(t.b) && t.b[i] != 0x07 && t.b[i] != '\\'; i++ {
			}
		}
	}
	return out.keep(buf)
}

// findUnquote reads a string of Go, JSON, Rust or Python up to its closing
// quote; quote 0 means that it ends with the line.
func findUnquote(t findText, quote byte, buf *findText) (findText, bool) {
	out := findRewrite(t, buf)
	for i := 0; i < len(t.b); i++ {
		c := t.b[i]
		if c == quote && quote != 0 {
			return out.keep(buf), true
		}
		if c != '\\' || i+1 == len(t.b) {
			out.put(&t, i, c)
			continue
		}
		start := i
		switch i++; t.b[i] {
		case 'n':
			out.put(&t, start, '\n')
		case 't':
			out.put(&t, start, '\t')
		case 'r': // the CR of CR LF
		case '"', '\'', '\\', '/':
			out.put(&t, start, t.b[i])
		case 'u', 'x':
			n := 2
			if t.b[i] == 'u' {
				n = 4
			}
			if end := i + 1 + n; end <= len(t.b) {
				if v, err := strconv.ParseUint(string(t.b[i+1:end]), 16, 32); err == nil {
					out.put(&t, start, utf8.AppendRune(nil, rune(v))...)
					i = end - 1
					continue
				}
			}
			out.put(&t, start, '\\', t.b[i])
		default:
			out.put(&t, start, '\\', t.b[i])
		}
	}
	return out.keep(buf), quote == 0
}

// findQuoted reads a string up to its quote. A line feed that it ends with is
// the line's own.
func findQuoted(t findText, buf *findText) (findText, bool) {
	t, closed := findUnquote(t, '"', buf)
	if n := len(t.b); closed && n > 0 && t.b[n-1] == '\n' {
		t.b = t.b[:n-1]
	}
	return t, closed
}

// findEntities are the ones that HTML needs for the characters of a log.
var findEntities = map[string]string{
	"lt": "<", "gt": ">", "amp": "&", "quot": `"`, "apos": "'", "nbsp": " ",
	"#39": "'", "#34": `"`, "#x27": "'", "#x2F": "/", "#x60": "`", "#x3D": "=", "#160": " ", "#62": ">", "#60": "<",
}

// findEntity returns the entity at the front of b, its text and length.
func findEntity(b []byte) (string, int) {
	end := bytes.IndexByte(b[:min(len(b), 8)], ';')
	if end < 2 {
		return "", 0
	}
	return findEntities[string(b[1:end])], end + 1
}

// findUnhtml reads entities, takes tags away and makes line feeds of <br>.
func findUnhtml(t findText, buf *findText) findText {
	out := findRewrite(t, buf)
	for i := 0; i < len(t.b); i++ {
		switch rest := t.b[i:]; rest[0] {
		case '&':
			if s, n := findEntity(rest); s != "" {
				out.put(&t, i, []byte(s)...)
				i += n - 1
				continue
			}
		case '<':
			if n := findTag(rest); n > 0 {
				// At the end of a line it is the line feed that is there too.
				if bytes.HasPrefix(rest, []byte("<br")) && i+n < len(t.b) {
					out.put(&t, i, '\n')
				}
				i += n - 1
				continue
			}
		}
		out.put(&t, i, t.b[i])
	}
	return out.keep(buf)
}

// findTag is the length of the tag at the front of b, 0 if it is none.
func findTag(b []byte) int {
	if len(b) < 3 || b[1] != '/' && (b[1] < 'a' || b[1] > 'z') {
		return 0
	}
	return 1 + bytes.IndexByte(b[:min(len(b), 200)], '>')
}

// findHTMLAhead: does a line that the kernel would never write so have an
// entity? Source lines may, so they prove nothing.
func findHTMLAhead(ahead []byte) bool {
	for len(ahead) > 0 {
		l, rest, _ := bytes.Cut(ahead, []byte("\n"))
		if i := bytes.IndexByte(l, '<'); i >= 0 && l[0] != ';' {
			for _, tag := range []string{"<br>", "<br/>", "<br />", "</code>", "</pre>"} {
				if bytes.Contains(l[i:], []byte(tag)) {
					return true
				}
			}
		}
		if i := bytes.IndexByte(l, '&'); i >= 0 && l[0] != ';' && bytes.IndexByte(l, ';') > i {
			for ; i >= 0; i = bytes.IndexByte(l, '&') {
				if s, _ := findEntity(l[i:]); s != "" {
					return true
				}
				l = l[i+1:]
			}
		}
		ahead = rest
	}
	return false
}
