package main

import "strings"

// maxAlternatives bounds what a line's begin can be; the kernel has up to 5.
const maxAlternatives = 32

// join puts together a line that several calls print. What follows on some
// ways only, or repeatedly, becomes a wildcard.
func join(calls []call) []call {
	var lines []call
	var open []call // lines without their end, alternatives of each other
	for _, c := range calls {
		if c.apart {
			lines, open = append(lines, open...), nil
		}
		if stateful[c.printer] && len(open) == 0 {
			continue
		}
		if len(c.formats) == 0 {
			c.formats = []string{"%s\n"}
		}
		var next []call
		if len(open) > maxAlternatives {
			open = open[:maxAlternatives]
		}
		for _, format := range c.formats {
			pieces := strings.SplitAfter(format, "\n")
			if len(pieces) > 1 && pieces[len(pieces)-1] == "" {
				pieces = pieces[:len(pieces)-1]
			}
			for k, piece := range pieces {
				heads := []call{{printer: c.printer, line: c.line, formats: []string{""}}}
				if k == 0 && len(open) > 0 {
					heads = open
				}
				for _, head := range heads {
					p := piece
					if c.guarded && len(open) > 0 && k == 0 {
						p = "%s"
						if strings.HasSuffix(piece, "\n") {
							p = "%s\n"
						}
					}
					h := call{printer: head.printer, line: head.line, formats: []string{head.formats[0] + p}}
					if strings.HasSuffix(h.formats[0], "\n") {
						lines = append(lines, h)
					} else {
						next = append(next, h)
					}
				}
			}
		}
		open = next
	}
	lines = append(lines, open...)
	var out []call
	seen := map[string]bool{}
	for _, l := range lines {
		text := normalise(strings.TrimRight(l.formats[0], "\n"))
		key := text + "\x00" + l.printer
		if strings.TrimSpace(text) == "" || seen[key] {
			continue
		}
		seen[key] = true
		l.formats = []string{text}
		out = append(out, l)
	}
	return out
}
