package verifierlog

import "bytes"

// ends looks for the line that ends a framed log. A log that was cut within a
// line has it on that line.
func (l *Found) ends(t findText) bool {
	b := bytes.TrimRight(t.b, " \t\r")
	if len(b) == 0 || b[len(b)-1] != '-' {
		return false
	}
	i := bytes.LastIndex(b, []byte(l.loader.end))
	if i < 0 {
		return false
	}
	if rest := bytes.TrimSpace(b[:i]); len(rest) > 0 && !bytes.HasSuffix(rest, []byte("libbpf:")) && !bytes.HasSuffix(rest, []byte("':")) {
		t.b, t.eol = t.b[:i], false
		l.hold(t, false)
	}
	n := len(l.held)
	if n > 0 && l.held[n-1].blank && (l.loader.blank || l.stats) {
		n--
	}
	l.commit(n)
	l.finish(false)
	return true
}

// begun says whether another log begins, of two that have no statistics: after
// a complaint and an empty line the first instruction is there again.
func (l *Found) begun(b []byte) bool {
	if !l.walked || len(b) < 4 || b[0] != '0' || b[1] != ':' {
		return false
	}
	return l.held[len(l.held)-1].blank && (l.complained || !l.held[0].blank)
}

// finish ends the log. Held lines are its own up to the first empty one; all
// of them, if a log alone is in the input.
func (l *Found) finish(eof bool) {
	n := len(l.held)
	c := &l.f.src.carrier
	switch {
	case l.frame.indented:
		for n > 0 && l.held[n-1].blank {
			n--
		}
	case eof && l.loader == nil && c.plain() && l.Start.Offset == 0:
	default:
		for i, h := range l.held {
			if h.blank {
				n = i
				break
			}
		}
	}
	l.commit(n)
	l.done, l.TailMissing = true, !l.stats
	l.held = nil
	rest := append(append([]byte(nil), l.out[l.ready:]...), '\n')
	l.out = l.out[:l.ready]
	if eof {
		return
	}
	ahead := l.f.src.ahead()
	rest = append(rest, ahead[:min(len(ahead), 4<<10)]...)
	if l.loader == nil {
		l.adopt(findLineAhead(rest, c.ansi))
	}
	if l.loader != nil && (l.Program == "" || l.Errno == 0) {
		l.factsAfter(rest)
	}
}

// adopt finds the loader of a log whose beginning was left out, by what comes
// after it.
func (l *Found) adopt(line []byte) {
	for i, ld := range findLoaders {
		if ld.end != "" && bytes.Contains(line, []byte(ld.end)) {
			l.loader, l.Loader = &findLoaders[i], ld.name
			return
		}
	}
}

// factsOf reads a line of the loader's.
func (l *Found) factsOf(b []byte, after bool) {
	if l.loader.facts != nil {
		l.loader.facts(l, b, after)
	}
}

// factsAfter reads what the loader says after the log.
func (l *Found) factsAfter(b []byte) {
	b = b[:min(len(b), 4<<10)]
	for range 20 {
		line, rest, ok := bytes.Cut(b, []byte("\n"))
		if ld, _ := findMark(line); !ok || ld != nil {
			return
		}
		l.factsOf(line, true)
		b = rest
	}
}
