package verifierlog

import "bytes"

// findBack is how many lines before the first sure one may be a log's.
const findBack = 40

// begin looks for the beginning of a log, nil if there is none any more.
func (f *Finder) begin() *Found {
	for {
		t, ok := f.src.search()
		if !ok {
			return nil
		}
		f.seen++
		if t.inside {
			continue // its first 256 KiB were looked at
		}
		if l := f.beginAt(&t); l != nil {
			return l
		}
		if len(f.back) == findBack {
			copy(f.back, f.back[1:])
			f.back = f.back[:findBack-1]
		}
		f.back = append(f.back, t.clone())
	}
}

// beginAt looks for the beginning of a log in one line. Looking ahead moves what
// is in the window, so the line is copied before.
func (f *Finder) beginAt(line *findText) *Found {
	l, t := &Found{}, *line
	if ld, at := findMark(t.b); ld != nil {
		*line = t.clone()
		t = *line
		before := t.b[:at]
		if i := bytes.LastIndex(before, []byte(ld.own)); i >= 0 && ld.own != "" {
			before = t.b[:i]
		}
		ahead := f.src.ahead()
		carrier := f.src.carrierFor(before, t, ahead)
		rest := t.cut(at + len(ld.mark))
		if carrier.quoted && !f.src.many {
			rest, _ = findQuoted(rest, new(findText))
		}
		rest.b = bytes.TrimRight(rest.b, " \t\r\n")
		l.mark, l.loader, l.Loader = ld.mark, ld, ld.name
		frame, ok := findFrame{}, true
		if ld.frame != nil {
			frame, ok = ld.frame(l, rest.b, findPeel(carrier, ahead))
		}
		if ok {
			return f.start(l, carrier, frame, t, rest)
		}
		*l = Found{}
	}
	if findShapeOf(t.b).begins() {
		*line = t.clone()
		t = *line
		return f.start(l, f.src.carrierFor(nil, t, f.src.ahead()), findFrame{}, t, t)
	}
	if at := findEmbedded(t.b); at > 0 {
		*line = t.clone()
		t = *line
		ahead := f.src.ahead()
		carrier := f.src.carrierFor(t.b[:at], t, ahead)
		next := findLineAhead(findPeel(carrier, ahead), false)
		if findShapeOf(next) >= findPart && (len(bytes.TrimSpace(t.b[:at])) > 0 || findProof(carrier, ahead)) {
			rest := t.cut(at)
			if f.seen == 1 && carrier.plain() && rest.b[0] != '0' {
				rest = t // torn: "re 2417: (79) r1 = *(u64 *)(r10 -424)"
			}
			if carrier.quoted {
				rest, _ = findQuoted(rest, new(findText))
			}
			return f.start(l, carrier, findFrame{}, t, rest)
		}
	}
	return nil
}

// start makes a log of what was found to begin with the line t, of which rest
// is the first that may be the log's own.
func (f *Finder) start(l *Found, c findCarrier, frame findFrame, t, rest findText) *Found {
	l.f, l.frame = f, frame
	if !f.src.many {
		f.src.carrier = c
	}
	if l.loader != nil {
		l.factsOf(t.b, false)
		for i := len(f.back) - 1; i >= 0; i-- {
			l.factsOf(f.back[i].b, false)
		}
		if frame.summary {
			l.summarize(rest)
			f.back = f.back[:0]
			return l
		}
		if !frame.alone {
			if _, n := findErrno(rest.b); n > 0 {
				rest = rest.cut(n)
			}
			rest = rest.cut(len(rest.b) - len(bytes.TrimLeft(rest.b, ` :"`)))
			for _, s := range findSplit(rest, nil) {
				if len(bytes.TrimSpace(s.b)) > 0 {
					l.take(s)
				}
			}
		}
	} else {
		for _, b := range findSplit(rest, f.before(l, c, rest)) {
			if c.cr {
				b.b = bytes.TrimSuffix(b.b, []byte("\r"))
			}
			l.take(b)
		}
	}
	f.back = f.back[:0]
	return l
}

// before returns the lines above a log's first sure line that are its own too:
// source lines, remarks, and what the kernel says before it walks.
func (f *Finder) before(l *Found, c findCarrier, first findText) []findText {
	var lines []findText
	whole := f.seen == len(f.back)+1 // from the input's first line on
	report := bytes.HasPrefix(first.b, []byte("Verification failed: "))
	counts := findShapeOf(first.b) >= findTime
	var head Found
	head.heads(first.b)
	torn := whole && head.HeadMissing // the input's first line may be the end of one
	others := 0
	for i := len(f.back); i > 0; i-- {
		b := f.back[i-1]
		n, ok := findPrefix(c.prefix, b.b)
		if !ok {
			break
		}
		b = b.cut(n)
		if c.html {
			b = findUnhtml(b, new(findText))
		}
		if c.quoted {
			b, _ = findQuoted(b, new(findText))
		}
		if bytes.IndexByte(b.b, '\n') >= 0 {
			break // a string or a paragraph of its own
		}
		shape := findShapeOf(b.b)
		if shape == findOther {
			others++
			if l.said(b.b) {
				break
			}
			words := bytes.IndexByte(b.b, ' ') > 0 && b.b[len(b.b)-1] != ':' && !findForeign(b.b)
			if torn && i == 1 && !findForeign(b.b) && b.b[len(b.b)-1] != ':' {
				words = true
			}
			if !words || !whole && !report && !(counts && others <= 4) {
				break
			}
		}
		if shape == findBlank && !(report && len(lines) == 0) && !(torn && i <= 2 && bytes.ContainsAny(f.back[0].b, "=):")) {
			break
		}
		lines = append(lines, b)
	}
	for a, z := 0, len(lines)-1; a < z; a, z = a+1, z-1 {
		lines[a], lines[z] = lines[z], lines[a]
	}
	return lines
}

// said reads an error that a loader printed above the log: "Permission
// denied", "bpf syscall error: Permission denied".
func (l *Found) said(b []byte) bool {
	if i := bytes.LastIndex(b, []byte(": ")); i >= 0 {
		b = b[i+2:]
	}
	errno, n := findErrno(b)
	if n == 0 || n < len(bytes.TrimSpace(b)) {
		return false
	}
	l.Errno = errno
	return true
}

// findEmbedded returns where an instruction line begins within a line, -1 if
// none does: "Nov 20 12:58:35 host loader[71]: 12: (b7) r0 = 0".
func findEmbedded(l []byte) int {
	for from := 0; ; {
		i := bytes.Index(l[from:], []byte(": ("))
		if i < 0 {
			return -1
		}
		i += from
		if rest := l[i+1:]; len(rest) > 5 && findHex(rest[2]) && findHex(rest[3]) && rest[4] == ')' {
			k := i
			for k > 0 && l[k-1] >= '0' && l[k-1] <= '9' {
				k--
			}
			if k < i && k > 0 {
				return k
			}
		}
		from = i + 3
	}
}

// findProof: an indented listing of instructions is bpftool's "prog dump
// xlated" unless it has what only the verifier prints.
func findProof(c findCarrier, ahead []byte) bool {
	for range 100 {
		l, rest, ok := bytes.Cut(ahead, []byte("\n"))
		n, mine := findPrefix(c.prefix, l)
		if !ok && len(l) == 0 || !mine && len(bytes.TrimSpace(l)) > 0 {
			return false
		}
		if mine {
			l = l[n:]
		}
		shape := findShapeOf(l)
		if shape.begins() && (shape != findPath || !bytes.Contains(l, []byte(": ("))) || bytes.Contains(l, []byte(" ; R")) {
			return true
		}
		ahead = rest
	}
	return false
}

// findPeel takes the carrier's prefix from the line ahead.
func findPeel(c findCarrier, ahead []byte) []byte {
	next := findLineAhead(ahead, c.ansi)
	if n, ok := findPrefix(c.prefix, next); ok {
		return next[n:]
	}
	return next
}
