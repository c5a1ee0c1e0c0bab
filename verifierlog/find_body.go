package verifierlog

import "bytes"

const (
	findChunk      = 32 << 10 // of clean text that is made at a time
	findHeldLines  = 1000     // that may be the log's or not; Linux 7.3's reports have some 100
	findHeldBytes  = 64 << 10
	findOtherLines = 20 // of something else between the lines of a log that has a prefix
)

// findBody is what is known while a log is read.
type findBody struct {
	f      *Finder
	loader *findLoader
	mark   string
	frame  findFrame
	indent []byte

	out         []byte // text: read, ready to be read, and held
	gone, ready int
	held        []findHeld
	places      findMap
	done        bool

	others     int  // lines of something else in a row
	walked     bool // an instruction or a state was there
	complained bool // a complaint was there, and no instruction after it
	head       bool // it is known whether the head is missing
	stats      bool
}

// findHeld is a line that is the log's if a sure line of it follows.
type findHeld struct {
	bytes int
	at    Origin
	blank bool
}

// step makes some more of the clean text.
func (l *Found) step() {
	if l.gone == l.ready {
		l.out = append(l.out[:0], l.out[l.ready:]...)
		l.gone, l.ready = 0, 0
	}
	for !l.done && l.ready < findChunk {
		t, several, mine, ok := l.f.src.next()
		switch {
		case !ok:
			l.finish(true)
		case mine:
			l.others = 0
			if !l.take(t) {
				l.f.src.unread(t, several)
				l.finish(false)
			}
		default:
			ld, _ := findMark(t.b)
			if l.others++; l.others > findOtherLines || ld != nil || findShapeOf(t.b).begins() {
				l.f.src.unread(t, false)
				l.finish(false)
			}
		}
	}
}

// take takes a line, or refuses one that the log ends before.
func (l *Found) take(t findText) bool {
	if t.inside {
		if l.extend(t); t.last {
			l.finish(false)
		}
		return true
	}
	if l.loader != nil && l.loader.end != "" {
		if l.ends(t) {
			return true
		}
		if l.stats && len(bytes.TrimSpace(t.b)) > 0 {
			return false // the kernel says nothing after its statistics
		}
	}
	if l.frame.indented {
		var ok bool
		if t, ok = l.unindent(t); !ok {
			return false
		}
		if l.remark(t.b) {
			return true
		}
	}
	if l.loader != nil && l.places.lines == 0 && len(l.held) == 0 && l.leads(t.b) {
		return true
	}
	shape := findShapeOf(t.b)
	if shape >= findSource {
		if len(l.held) > 0 && l.begun(t.b) {
			return false
		}
		l.hold(t, false)
		l.commit(len(l.held))
		l.walked = l.walked || shape == findPath && findDigits(t.b) > 0
		l.complained = shape == findComplaint || l.complained && shape != findPath
		if shape == findStats {
			l.stats = true
			if (l.loader == nil || l.loader.end == "") && !l.frame.indented {
				l.finish(false)
				return true
			}
		}
	} else {
		if shape == findOther && !l.frame.indented {
			if ld, _ := findMark(t.b); ld != nil || findForeign(t.b) {
				return false
			}
		}
		if l.hold(t, shape == findBlank); len(l.held) > findHeldLines || len(l.out)-l.ready > findHeldBytes {
			l.finish(false)
		}
	}
	if t.last && !l.done {
		l.finish(false)
	}
	return true
}

// hold appends a line that may be the log's.
func (l *Found) hold(t findText, blank bool) {
	if l.places.lines == 0 && len(l.held) == 0 {
		l.Start = t.origin()
	}
	if !l.head {
		l.heads(t.b)
	}
	l.out = append(l.out, t.b...)
	n := len(t.b)
	if t.eol {
		l.out = append(l.out, '\n')
		n++
	}
	l.held = append(l.held, findHeld{n, t.origin(), blank})
}

// extend appends the rest of an over-long line.
func (l *Found) extend(t findText) {
	n := len(t.b)
	l.out = append(l.out, t.b...)
	if t.eol {
		l.out = append(l.out, '\n')
		n++
	}
	if k := len(l.held); k > 0 {
		l.held[k-1].bytes += n
		return
	}
	l.ready += n
	l.places.bytes += int64(n)
}

// commit makes the first n held lines the log's.
func (l *Found) commit(n int) {
	for _, h := range l.held[:n] {
		l.places.add(h.bytes, h.at)
		l.ready += h.bytes
	}
	l.held = l.held[:copy(l.held, l.held[n:])]
}

// unindent takes the indentation of the first line from each.
func (l *Found) unindent(t findText) (findText, bool) {
	if l.indent == nil {
		n := len(t.b) - len(bytes.TrimLeft(t.b, " \t"))
		if n == 0 {
			return t, len(t.b) == 0
		}
		if t.b[0] == '\t' {
			n = 1 // what follows is the log's: " R0=inv"
		}
		l.indent = append([]byte(nil), t.b[:n]...)
	}
	if bytes.HasPrefix(t.b, l.indent) {
		return t.cut(len(l.indent)), true
	}
	return t, len(bytes.TrimSpace(t.b)) == 0
}

// remark reads what cilium/ebpf puts in place of lines that it leaves out.
func (l *Found) remark(b []byte) bool {
	switch {
	case bytes.HasSuffix(b, []byte(" line(s) omitted)")) && b[0] == '(':
		if l.places.lines == 0 {
			l.HeadMissing, l.head = true, true
		}
	case string(b) == "(truncated)":
	default:
		return false
	}
	return true
}

// leads says whether a line before the first of the log is the loader's.
func (l *Found) leads(b []byte) bool {
	b = bytes.TrimSpace(b)
	if bytes.HasPrefix(b, []byte("Skipped ")) && bytes.Contains(b, []byte(" bytes, use 'verb'")) || string(b) == "[...]" {
		l.HeadMissing, l.head = true, true
		return true
	}
	return len(b) == 0 || string(b) == "libbpf:"
}

// heads looks at the first lines: a walk begins at instruction 0, or with a
// line on the function that it begins in.
func (l *Found) heads(b []byte) {
	switch shape := findShapeOf(b); {
	case shape == findOther && len(l.held) == 0 && bytes.Contains(b, []byte("fp-")) && bytes.IndexByte(b, '=') > 0:
		l.HeadMissing, l.head = true, true // the rest of a state
	case shape == findPath && (b[0] == 'V' || b[0] == 'F' || bytes.HasPrefix(b, []byte("func#"))):
		l.head = true
	case shape == findPath:
		l.HeadMissing, l.head = b[0] != '0' || b[1] != ':', true
	}
}
