package sourcetext

import (
	"bytes"
	"strings"
)

type tokenKind uint8

const (
	ident tokenKind = iota
	number
	str
	char
	lifetime
	punct
)

// token is one token; match is the index of the bracket that a bracket
// belongs to, -1 if it has none.
type token struct {
	kind       tokenKind
	start, end int
	match      int
}

// File is a source text cut into tokens. Comments and preprocessor lines are
// not among them.
type File struct {
	text   []byte
	rust   bool
	toks   []token
	lines  []int // offset of each line's beginning
	before int   // lines of the file in front of the text
	dirs   []Span
	bodies map[int][]*Stmt // by the token that opens them
}

// Parse cuts a text. Any bytes are a text: what is malformed gives tokens that
// make less sense, never an error.
func Parse(text []byte, rust bool) *File { return ParseFrom(1, text, rust) }

// ParseFrom cuts a part of a file that begins at a line of it.
func ParseFrom(line int, text []byte, rust bool) *File {
	f := &File{text: text, rust: rust, lines: []int{0}, before: line - 1, bodies: map[int][]*Stmt{}}
	for i, c := range text {
		if c == '\n' {
			f.lines = append(f.lines, i+1)
		}
	}
	f.lex()
	f.matchBrackets()
	return f
}

func (f *File) lex() {
	t := f.text
	bol := true // nothing but space since the line's beginning
	for i := 0; i < len(t); {
		c := t[i]
		start := i
		kind := punct
		switch {
		case c == '\n':
			bol = true
			i++
			continue
		case c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v' || c == '\\':
			i++
			continue
		case c == '/' && f.byteAt(i+1) == '/':
			i = f.lineEnd(i)
			continue
		case c == '/' && f.byteAt(i+1) == '*':
			i = f.commentEnd(i)
			continue
		case c == '#' && bol && !f.rust:
			i = f.lineEnd(i)
			f.dirs = append(f.dirs, Span{start, i})
			continue
		case c == '"':
			kind, i = str, f.quoteEnd(i, '"')
		case c == '\'':
			kind, i = f.charEnd(i)
		case isDigit(c) || c == '.' && isDigit(f.byteAt(i+1)):
			kind, i = number, f.numberEnd(i)
		case isLetter(c):
			kind, i = f.wordEnd(i)
		default:
			i += f.punctLen(i)
		}
		bol = false
		f.toks = append(f.toks, token{kind, start, i, -1})
	}
}

func (f *File) byteAt(i int) byte {
	if i < len(f.text) {
		return f.text[i]
	}
	return 0
}

// lineEnd is where a line comment or preprocessor line ends: lines that end in
// a backslash go on, and a comment in them may go over lines.
func (f *File) lineEnd(i int) int {
	directive := f.text[i] == '#'
	for i < len(f.text) {
		switch c := f.text[i]; {
		case c == '\n':
			j := i - 1
			if j >= 0 && f.text[j] == '\r' {
				j--
			}
			if f.rust || j < 0 || f.text[j] != '\\' {
				return i
			}
		case directive && c == '/' && f.byteAt(i+1) == '*':
			i = f.commentEnd(i)
			continue
		case directive && c == '/' && f.byteAt(i+1) == '/':
			directive = false
		}
		i++
	}
	return i
}

func (f *File) commentEnd(i int) int {
	depth := 1
	for i += 2; i < len(f.text); i++ {
		switch {
		case f.text[i] == '*' && f.byteAt(i+1) == '/':
			i++
			if depth--; depth == 0 {
				return i + 1
			}
		case f.rust && f.text[i] == '/' && f.byteAt(i+1) == '*':
			i++
			depth++
		}
	}
	return len(f.text)
}

// quoteEnd is where a string or character ends; one that is not closed ends
// with its line, but not in Rust.
func (f *File) quoteEnd(i int, quote byte) int {
	for i++; i < len(f.text); i++ {
		switch c := f.text[i]; {
		case c == '\\':
			i++
		case c == quote:
			return i + 1
		case c == '\n' && (!f.rust || quote == '\''):
			return i
		}
	}
	return len(f.text)
}

func (f *File) charEnd(i int) (tokenKind, int) {
	if f.rust && f.byteAt(i+1) != '\\' && isLetter(f.byteAt(i+1)) {
		j := i + 1
		for isLetter(f.byteAt(j)) || isDigit(f.byteAt(j)) {
			j++
		}
		if f.byteAt(j) != '\'' {
			return lifetime, j
		}
		return char, j + 1
	}
	return char, f.quoteEnd(i, '\'')
}

func (f *File) numberEnd(i int) int {
	for i < len(f.text) {
		c := f.text[i]
		switch {
		case isDigit(c) || isLetter(c) && c < 0x80:
			if next := f.byteAt(i + 1); (c|0x20 == 'e' || c|0x20 == 'p') && (next == '+' || next == '-') && !f.rust {
				i++
			}
		case c == '.' && f.rust && !isDigit(f.byteAt(i+1)): // `0..n`, `1.max(n)`
			return i
		case c == '.', c == '\'' && !f.rust && isDigit(f.byteAt(i+1)):
		default:
			return i
		}
		i++
	}
	return i
}

// wordEnd is where a name ends, or a raw string of Rust that begins like one.
func (f *File) wordEnd(i int) (tokenKind, int) {
	start := i
	for isLetter(f.byteAt(i)) || isDigit(f.byteAt(i)) {
		i++
	}
	if !f.rust {
		return ident, i
	}
	switch string(f.text[start:i]) {
	case "r", "br", "cr":
		n := 0
		for f.byteAt(i+n) == '#' {
			n++
		}
		if f.byteAt(i+n) != '"' {
			break
		}
		end := append([]byte{'"'}, bytes.Repeat([]byte{'#'}, n)...)
		if j := bytes.Index(f.text[i+n+1:], end); j >= 0 {
			return str, i + n + 1 + j + len(end)
		}
		return str, len(f.text)
	case "b", "c":
		if f.byteAt(i) == '"' {
			return str, f.quoteEnd(i, '"')
		}
		if f.byteAt(i) == '\'' {
			return char, f.quoteEnd(i, '\'')
		}
	}
	return ident, i
}

var longPuncts = []string{
	"<<=", ">>=", "...", "..=", "->", "++", "--", "<<", ">>", "<=", ">=", "==", "!=", "&&", "||",
	"+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "##", "::", "=>", "..",
}

func (f *File) punctLen(i int) int {
	for _, p := range longPuncts {
		if rustOnly := p == "::" || p == "=>" || p == ".." || p == "..="; rustOnly && !f.rust || f.rust && (p == "++" || p == "--") {
			continue
		}
		if bytes.HasPrefix(f.text[i:], []byte(p)) {
			return len(p)
		}
	}
	return 1
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// isLetter takes every byte over 127 for a part of a name.
func isLetter(c byte) bool {
	return c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_' || c == '$' || c >= 0x80
}

// matchBrackets pairs brackets. One that does not fit closes those that are
// open above its own kind. Each branch of an #if begins with the brackets that
// are open before it; the last branch counts for what follows.
func (f *File) matchBrackets() {
	closes := map[byte]byte{')': '(', ']': '[', '}': '{'}
	var open []int
	var saved [][]int // open at each #if
	dirs := f.dirs
	for i := range f.toks {
		t := &f.toks[i]
		for ; len(dirs) > 0 && dirs[0].Start < t.start; dirs = dirs[1:] {
			switch word := directive(f.text[dirs[0].Start:dirs[0].End]); {
			case strings.HasPrefix(word, "if"):
				saved = append(saved, append([]int(nil), open...))
			case len(saved) == 0:
			case strings.HasPrefix(word, "el"):
				open = append([]int(nil), saved[len(saved)-1]...)
			case word == "endif":
				saved = saved[:len(saved)-1]
			}
		}
		if t.kind != punct || t.end != t.start+1 {
			continue
		}
		switch c := f.text[t.start]; c {
		case '(', '[', '{':
			open = append(open, i)
		case ')', ']', '}':
			for n := len(open) - 1; n >= 0; n-- {
				o := f.text[f.toks[open[n]].start]
				if o == closes[c] {
					t.match, f.toks[open[n]].match = open[n], i
					open = open[:n]
					break
				}
				if o == '{' && c != '}' {
					break // a stray `)` does not end a block
				}
			}
		}
	}
}

// directive is the word of a preprocessor line: "if", "define".
func directive(line []byte) string {
	line = bytes.TrimLeft(line[1:], " \t")
	n := 0
	for n < len(line) && isLetter(line[n]) {
		n++
	}
	return string(line[:n])
}

func (f *File) is(i int, s string) bool {
	if i < 0 || i >= len(f.toks) {
		return false
	}
	t := f.toks[i]
	return t.end-t.start == len(s) && string(f.text[t.start:t.end]) == s && t.kind != str && t.kind != char
}

func (f *File) word(i int) string {
	if i < 0 || i >= len(f.toks) || f.toks[i].kind != ident {
		return ""
	}
	return string(f.text[f.toks[i].start:f.toks[i].end])
}

// after is the token behind token i, or behind the bracket that i opens;
// never beyond hi.
func (f *File) after(i, hi int) int {
	if m := f.toks[i].match; m > i {
		return min(m+1, hi)
	}
	return i + 1
}
