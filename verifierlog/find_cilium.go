package verifierlog

import "bytes"

// What cilium/ebpf prints is more than a frame: see VerifierError in its
// internal/errors.go.

func findGoFacts(l *Found, line []byte, after bool) {
	if after {
		return // another program's
	}
	// "field XdpMain: program xdp_main: load program: permission denied"
	if i := bytes.Index(line, []byte(": load program: ")); i > 0 {
		if k := bytes.LastIndex(line[:i], []byte("program ")); k >= 0 && bytes.IndexByte(line[k+8:i], ' ') < 0 {
			l.learn(string(line[k+8:i]), nil)
		}
	}
	l.learn("", line, "load program: ")
}

// findGoFrame tells apart the two ways of printing a VerifierError.
func findGoFrame(l *Found, rest, ahead []byte) (findFrame, bool) {
	errno, n := findErrno(rest)
	if n == 0 {
		return findFrame{}, false
	}
	l.learn("", rest, "")
	l.Errno = errno
	rest = bytes.TrimSpace(bytes.TrimPrefix(rest[n:], []byte(":")))
	next := findLineAhead(ahead, false)
	switch {
	case len(rest) == 0 && (bytes.IndexByte(next, '\t') >= 0 || bytes.Contains(next, []byte("  "))):
		return findFrame{indented: true}, true
	case len(rest) == 0:
		return findFrame{}, next != nil && findShapeOf(next) != findOther
	case next != nil && findShapeOf(next) >= findPart: // before 0.5: log and lines as they are
		return findFrame{}, true
	}
	return findFrame{summary: true}, true
}

// findGoBare: the words are too common to go by alone.
func findGoBare(l *Found, rest, ahead []byte) (findFrame, bool) {
	next := bytes.TrimLeft(findLineAhead(ahead, false), " \t")
	first := bytes.TrimSpace(rest)
	if findShapeOf(first) < findPart && !bytes.HasSuffix(first, []byte("omitted)")) &&
		(len(first) > 0 || findShapeOf(next) < findSource) {
		return findFrame{}, false
	}
	mark := l.mark
	return findGoFrame(l, append([]byte(mark), rest...), ahead)
}

// summarize reads the one line that VerifierError.Error in cilium/ebpf gives.
func (l *Found) summarize(t findText) {
	if _, n := findErrno(t.b); n > 0 {
		t = t.cut(n)
	}
	t = t.cut(len(t.b) - len(bytes.TrimLeft(t.b, ": ")))
	l.Summary, l.head, t.eol = true, true, true
	if i := bytes.LastIndex(t.b, []byte(" (")); i >= 0 {
		if what := t.b[i:]; bytes.HasSuffix(what, []byte("omitted)")) || bytes.HasSuffix(what, []byte("truncated)")) {
			t.b, l.HeadMissing = t.b[:i], true
		}
	}
	// The second of two lines begins with a register.
	for i := 0; i+4 < len(t.b); i++ {
		if string(t.b[i:i+3]) == ": R" && findDigits(t.b[i+3:]) > 0 && findShapeOf(t.b[i+2:]) != findPath {
			one := t
			one.b = t.b[:i]
			l.hold(one, false)
			t = t.cut(i + 2)
			break
		}
	}
	if len(t.b) > 0 {
		l.hold(t, false)
	}
	l.commit(len(l.held))
	l.done, l.TailMissing = true, true
}
