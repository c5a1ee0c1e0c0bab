package main

import "strings"

type tokenKind uint8

const (
	identToken tokenKind = iota
	stringToken
	otherToken
)

// token is one of C's. The text of a string is what stands between its quotes,
// escapes undone; two characters are one token only where that matters here
// (none of ours), so "->" is two.
type token struct {
	kind tokenKind
	text string
	line int
}

func (t token) is(text string) bool { return t.kind == otherToken && t.text == text }

// lex splits C into tokens. It is tolerant: what is not C is passed over.
// Preprocessor lines come back apart, joined over continued lines, because a
// macro may hold a message as well as a function.
func lex(src string) (tokens []token, directives []token) {
	l := lexer{src: src, line: 1, fresh: true}
	for l.i < len(l.src) {
		l.next()
	}
	return l.tokens, l.directives
}

type lexer struct {
	src                string
	i, line            int
	fresh              bool // nothing but blanks on this line so far
	tokens, directives []token
}

func (l *lexer) next() {
	c, rest := l.src[l.i], l.src[l.i:]
	switch {
	case c == '\n':
		l.i, l.line, l.fresh = l.i+1, l.line+1, true
		return
	case c <= ' ' || c == '\\':
		l.i++
		return
	case strings.HasPrefix(rest, "//"):
		l.skipTo("\n", 0)
		return
	case strings.HasPrefix(rest, "/*"):
		l.i += 2
		l.skipTo("*/", 2)
		return
	case c == '#' && l.fresh:
		l.directive()
		return
	}
	l.fresh = false
	switch {
	case c == '"':
		line := l.line
		l.add(stringToken, l.quoted('"'), line)
	case c == '\'':
		line := l.line
		l.add(otherToken, "'"+l.quoted('\''), line)
	case isWord(c):
		from := l.i
		for l.i < len(l.src) && isWord(l.src[l.i]) {
			l.i++
		}
		kind := identToken
		if c >= '0' && c <= '9' {
			kind = otherToken
		}
		l.add(kind, l.src[from:l.i], l.line)
	default:
		l.i++
		l.add(otherToken, string(c), l.line)
	}
}

func (l *lexer) add(kind tokenKind, text string, line int) {
	l.tokens = append(l.tokens, token{kind, text, line})
}

// skipTo goes to the end of text, or of the source.
func (l *lexer) skipTo(text string, past int) {
	n := strings.Index(l.src[l.i:], text)
	if n < 0 {
		n, past = len(l.src)-l.i, 0
	}
	l.line += strings.Count(l.src[l.i:l.i+n], "\n")
	l.i += n + past
}

// directive takes a preprocessor line with all its continuations.
func (l *lexer) directive() {
	from, line := l.i, l.line
	for l.i < len(l.src) && l.src[l.i] != '\n' {
		if l.src[l.i] == '\\' && l.i+1 < len(l.src) && l.src[l.i+1] == '\n' {
			l.i++
			l.line++
		}
		l.i++
	}
	l.directives = append(l.directives, token{otherToken, l.src[from:l.i], line})
}

func (l *lexer) quoted(quote byte) string {
	var text strings.Builder
	for l.i++; l.i < len(l.src) && l.src[l.i] != quote && l.src[l.i] != '\n'; l.i++ {
		c := l.src[l.i]
		if c == '\\' && l.i+1 < len(l.src) {
			l.i++
			switch c = l.src[l.i]; c {
			case 'n':
				c = '\n'
			case 't':
				c = '\t'
			case '\n':
				l.line++
				continue
			}
		}
		text.WriteByte(c)
	}
	if l.i < len(l.src) && l.src[l.i] == quote {
		l.i++
	}
	return text.String()
}

func isWord(c byte) bool {
	return c == '_' || c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9'
}
