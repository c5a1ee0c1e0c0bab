package verifierlog

import "bytes"

// findReader gives the lines that the input's lines carry.
type findReader struct {
	in      findInput
	carrier findCarrier // of the log that is read
	queue   []findText
	spare   []findText // what queue was made in
	escaped bool       // the last line that search gave had entities or tags
	many    bool       // a string with several lines is in the queue: a log ends with it
	whole   bool       // the next piece of an over-long line begins with a line of the log
	line    findInput
}

// piece is the input's next, and remembers where it was.
func (s *findReader) piece() (findPiece, bool) {
	s.line.offset, s.line.line, s.line.inside = s.in.offset, s.in.line, s.in.inside
	return s.in.next()
}

func (s *findReader) pop() findText {
	t := s.queue[0]
	s.queue = s.queue[1:]
	return t
}

// unread gives t back: it is looked at again, by search.
func (s *findReader) unread(t findText, several bool) {
	if several {
		s.queue = append([]findText{t}, s.queue...)
		return
	}
	// Nothing was read since: the line is still in the window.
	s.in.start -= int(s.in.offset - s.line.offset)
	s.in.offset, s.in.line, s.in.inside = s.line.offset, s.line.line, s.line.inside
}

// search returns the next line when no log is read: one in which the beginning
// of a log can be seen, if it has one.
func (s *findReader) search() (findText, bool) {
	if len(s.queue) > 0 {
		return s.pop(), true
	}
	s.carrier, s.many, s.whole, s.escaped = findCarrier{}, false, false, false
	p, ok := s.piece()
	t := findText{b: p.text, base: p.offset, line: p.line, eol: p.eol, inside: p.inside}
	if !ok || p.inside || len(t.b) == 0 {
		return t, ok
	}
	if bytes.IndexByte(t.b, 0x1b) >= 0 {
		if t = findUncolour(t, new(findText)); len(t.b) == 0 {
			return t, true
		}
	}
	if bytes.Contains(t.b, []byte(`\n`)) && s.unfold(t, p.eol) {
		return s.pop(), true
	}
	if t.b[0] != ';' && (bytes.IndexByte(t.b, '&') >= 0 || bytes.Contains(t.b, []byte("<br"))) {
		if html := findUnhtml(t, new(findText)); len(html.b) < len(t.b) && findUseful(findSplit(html, nil)) {
			if lines := findSplit(html, nil); len(lines) > 1 {
				s.queue, s.many = lines, true
				s.queue[len(lines)-1].last = true
				return s.pop(), true
			}
			t, s.escaped = html, true
		}
	}
	return t, true
}

// unfold makes lines of a string that stands in a line and has escaped line
// feeds, if a log is in it.
func (s *findReader) unfold(t findText, eol bool) bool {
	quote, at := byte(0), 0
	first := bytes.Index(t.b, []byte(`\n`))
	if i := bytes.LastIndexAny(t.b[:first], `"'`); i >= 0 {
		quote, at = t.b[i], i+1
		// 'name' and \"name\" within the string are not its beginning.
		if k := bytes.LastIndexAny(t.b[:i], `=: (b`); quote == '\'' && k != i-1 || i > 0 && t.b[i-1] == '\\' {
			quote, at = 0, 0
			for k, c := range t.b[:first] {
				if c == '"' && (k == 0 || t.b[k-1] != '\\') {
					quote, at = '"', k+1
				}
			}
		}
	}
	text, closed := findUnquote(t.cut(at), quote, new(findText))
	lines := findSplit(text, nil)
	if n := len(lines); n > 1 && len(lines[n-1].b) == 0 && (closed || eol) {
		lines = lines[:n-1]
	}
	if len(lines) < 2 || !findUseful(lines) {
		return false
	}
	// The loader's words may stand before the string: Error: LoadError { …
	for i := range lines {
		lines[i].eol = i < len(lines)-1 || closed || eol
	}
	if ld, _ := findMark(t.b[:at]); ld != nil {
		lines = append([]findText{{b: t.b[:at], base: t.base, line: t.line, eol: true}}, lines...)
	}
	s.many = true
	s.carrier = findCarrier{quoted: true, open: !closed && !eol}
	lines[len(lines)-1].last = !s.carrier.open
	s.queue = lines
	s.partial()
	return true
}

// partial sees to it that no line of the log is cut where a piece of an
// over-long line ends: what began in this piece is read again with the next.
func (s *findReader) partial() {
	n := len(s.queue) - 1
	if !s.carrier.open || n == 0 {
		return
	}
	if t := s.queue[n]; len(t.b) > 0 {
		back := s.in.offset - t.origin().Offset
		s.in.start -= int(back)
		s.in.offset -= back
	}
	s.queue, s.whole = s.queue[:n], true
}

// findUseful: is there the beginning of a log?
func findUseful(lines []findText) bool {
	for _, l := range lines {
		if ld, _ := findMark(l.b); ld != nil || findShapeOf(bytes.TrimLeft(l.b, " \t")).begins() || findEmbedded(l.b) > 0 {
			return true
		}
	}
	return false
}

// next returns the next line of the log that is read. It is false at the end of
// the input; mine is false for a line that the carrier does not carry.
func (s *findReader) next() (t findText, several, mine, ok bool) {
	if len(s.queue) > 0 {
		return s.pop(), true, true, true
	}
	p, ok := s.piece()
	if !ok {
		return t, false, false, false
	}
	if s.carrier.plain() {
		return findText{b: p.text, base: p.offset, line: p.line, eol: p.eol, inside: p.inside}, false, true, true
	}
	s.spare, mine = s.carrier.lines(p, s.spare[:0])
	s.queue = s.spare
	if !mine {
		s.queue = nil
		return findText{b: p.text, base: p.offset, line: p.line}, false, false, true
	}
	if s.whole {
		s.queue[0].inside, s.whole = false, false
	}
	if s.carrier.quoted {
		s.partial()
	}
	if s.many && !s.carrier.open {
		s.queue[len(s.queue)-1].last = true
	}
	several = len(s.queue) > 1
	return s.pop(), several, true, true
}

// ahead returns what follows t, some 16 KiB of it. It moves what is in the
// window.
func (s *findReader) ahead() []byte {
	if !s.many {
		return s.in.ahead()
	}
	var b []byte
	for _, t := range s.queue {
		if b = append(append(b, t.b...), '\n'); len(b) > findAhead {
			break
		}
	}
	return b
}

// carrierFor decides how a log is carried that begins on the line t.
func (s *findReader) carrierFor(before []byte, t findText, ahead []byte) findCarrier {
	if s.many {
		return findCarrier{}
	}
	c := findCarrierOf(before, bytes.HasSuffix(t.b, []byte("\r")), ahead)
	c.html = c.html || s.escaped || bytes.Contains(before, []byte("<pre")) || bytes.Contains(before, []byte("<code"))
	return c
}
