package verifierlog

import "bytes"

// findCarrier is what carries each line of one log: what stands before it
// (time stamps, host names, "> ", the beginning of a JSON object), and how its
// text is written.
//
// No logger has a place of its own here. A prefix is learnt from the line that
// a log begins with, and another line has it if it is the same text, whatever
// the digits: that holds for journald, syslog, dmesg, docker, kubectl, GitHub
// Actions, logrus, docker's JSON, cat -n and quoted mail alike.
type findCarrier struct {
	prefix []byte
	quoted bool // the prefix ends in the quote of a string with escapes
	cr     bool // lines end in CR LF
	ansi   bool // colours
	html   bool // entities and tags

	open bool // the string of an over-long line is not closed yet
	pass [3]findText
}

func (c *findCarrier) plain() bool {
	return len(c.prefix) == 0 && !c.quoted && !c.cr && !c.ansi && !c.html
}

// lines appends what a physical line carries: one line, or several when line
// feeds are written as escapes. It is false for a line of something else.
func (c *findCarrier) lines(p findPiece, dst []findText) ([]findText, bool) {
	t := findText{b: p.text, base: p.offset, line: p.line, eol: p.eol, inside: p.inside}
	if c.plain() {
		return append(dst, t), true
	}
	if c.ansi && bytes.IndexByte(t.b, 0x1b) >= 0 {
		t = findUncolour(t, &c.pass[0])
	}
	if !p.inside {
		n, ok := findPrefix(c.prefix, t.b)
		if !ok {
			if t, ok = c.unquoted(t); ok {
				dst = append(dst, t)
			}
			return dst, ok
		}
		t = t.cut(n)
	}
	if c.quoted && (!p.inside || c.open) {
		var closed bool
		t, closed = findQuoted(t, &c.pass[1])
		c.open = !closed && !p.eol
		t.eol = closed || p.eol
	}
	if c.html && bytes.ContainsAny(t.b, "&<") {
		t = findUnhtml(t, &c.pass[2])
	}
	if n := len(t.b); c.cr && n > 0 && t.b[n-1] == '\r' {
		t.b = t.b[:n-1]
	}
	return findSplit(t, dst), true
}

// unquoted reads a line on which logrus thought no quotes necessary: msg=word,
// and nothing at all of an empty message.
func (c *findCarrier) unquoted(t findText) (findText, bool) {
	key := c.prefix[bytes.LastIndexByte(c.prefix, ' ')+1:]
	if !c.quoted || len(key) < 3 || len(key) == len(c.prefix) || key[len(key)-2] != '=' {
		return t, false
	}
	n, ok := findPrefix(c.prefix[:len(c.prefix)-len(key)], t.b)
	if !ok {
		return t, false
	}
	t = t.cut(n)
	if word, ok := bytes.CutPrefix(t.b, key[:len(key)-1]); ok {
		t = t.cut(len(t.b) - len(word))
	} else {
		t.b = nil
	}
	if i := bytes.IndexByte(t.b, ' '); i >= 0 {
		t.b = t.b[:i]
	}
	return t, true
}

// findSplit makes lines of a text with line feeds.
func findSplit(t findText, dst []findText) []findText {
	for {
		i := bytes.IndexByte(t.b, '\n')
		if i < 0 {
			return append(dst, t)
		}
		l := t
		l.b, l.eol = t.b[:i], true
		dst = append(dst, l)
		t = t.cut(i + 1)
		t.inside = false
	}
}

// findPrefix says how many bytes of a line the prefix takes. Digits stand for
// any digits, with the spaces that right-align them.
func findPrefix(prefix, line []byte) (int, bool) {
	i, j := 0, 0
	for i < len(prefix) {
		k := i
		for k < len(prefix) && prefix[k] == ' ' {
			k++
		}
		if k < len(prefix) && findDigits(prefix[k:k+1]) == 1 {
			for j < len(line) && line[j] == ' ' {
				j++
			}
			n := findDigits(line[j:])
			if n == 0 {
				return findContinued(prefix, line)
			}
			i, j = k+findDigits(prefix[k:]), j+n
			continue
		}
		if j >= len(line) || line[j] != prefix[i] {
			// An empty line: "> " without its space, msg="" left out.
			if j == len(line) && len(bytes.TrimRight(prefix[i:], " \t")) == 0 {
				return j, true
			}
			return findContinued(prefix, line)
		}
		i, j = i+1, j+1
	}
	return j, true
}

// findContinued: journalctl indents the further lines of one message by the
// width of what stands before the first.
func findContinued(prefix, line []byte) (int, bool) {
	if n := len(prefix); n >= 8 && len(line) >= n && len(bytes.TrimLeft(line[:n], " ")) == 0 {
		return n, true
	}
	return 0, false
}

// findCarrierOf decides how the lines of a log are carried: by what stands
// before its beginning, and by how the text goes on.
func findCarrierOf(before []byte, cr bool, ahead []byte) findCarrier {
	all := ahead
	c := findCarrier{cr: cr, ansi: bytes.IndexByte(ahead, 0x1b) >= 0}
	for i := range 4 {
		next := findLineAhead(ahead, c.ansi)
		if next == nil {
			break
		}
		for n := len(before); n > len(c.prefix); n-- {
			if c := before[n-1]; n < len(before) && c != ' ' && c != '\t' {
				continue
			}
			// The next line has it, unless logrus left out an empty msg="".
			if k, ok := findPrefix(before[:n], next); ok && k > 0 && (i == 0 || before[n-1] == '"') {
				c.prefix = append([]byte(nil), before[:n]...)
				c.quoted = before[n-1] == '"'
				break
			}
		}
		if _, rest, ok := bytes.Cut(bytes.TrimLeft(ahead, "\r\n"), []byte("\n")); ok {
			ahead = rest
		} else {
			break
		}
	}
	c.html = findHTMLAhead(all)
	return c
}

// findLineAhead is the first line that has something.
func findLineAhead(ahead []byte, ansi bool) []byte {
	for range 4 {
		l, rest, _ := bytes.Cut(ahead, []byte("\n"))
		if ansi {
			l = findUncolour(findText{b: l}, new(findText)).b
		}
		if len(bytes.TrimSpace(l)) > 0 {
			return l
		}
		ahead = rest
	}
	return nil
}
