package lsp

import (
	"context"
	"strings"
)

// inlayHint shows the ranges of numbers where they come about: behind a variable on
// the first line where the verifier knows more of it than its type, and wherever
// that changes.
func (s *Server) inlayHint(ctx context.Context, p InlayHintParams) (any, error) {
	hints := []InlayHint{}
	s.mu.Lock()
	in := s.openFile(p.TextDocument.URI)
	var units []*unit
	if in != nil && s.settingsOf(in.path).InlayHints {
		units = s.unitsOf(in)
	}
	s.mu.Unlock()
	seen := map[Position]bool{}
	for _, u := range units {
		f, err := s.factsOf(ctx, u)
		if ctx.Err() != nil {
			return nil, err
		}
		if f == nil || err != nil {
			continue
		}
		s.mu.Lock()
		for _, h := range s.ranges(f, in) {
			if h.Position.Line >= p.Range.Start.Line && h.Position.Line <= p.Range.End.Line && !seen[h.Position] {
				seen[h.Position] = true
				hints = append(hints, h)
			}
		}
		s.mu.Unlock()
	}
	return hints, nil
}

// ranges are the hints of a file. Where programs that share a line know different
// things of a variable, there is none. Server.mu is held.
func (s *Server) ranges(f *facts, in *file) []InlayHint {
	var hints []InlayHint
	known := map[string]string{} // what was said last of a variable, in its program
	at := map[Position]int{}
	for _, l := range f.lines {
		if l.at.gone || l.at.file != in {
			continue
		}
		line := in.text.content[l.at.start:l.at.end]
		for _, fact := range l.Facts {
			key := l.Program + "\x00" + fact.Name
			if known[key] == fact.Range {
				continue
			}
			end := wordEnd(line, fact.Name)
			if end < 0 {
				continue
			}
			if known[key] = fact.Range; fact.Range == "" {
				continue
			}
			h := InlayHint{Position: in.text.position(l.at.start+end, s.encoding), Label: ": " + fact.Range,
				Tooltip: "what the verifier knows of " + fact.Name + " on this line"}
			if i, taken := at[h.Position]; taken {
				if hints[i].Label != h.Label {
					hints[i].Label = ""
				}
				continue
			}
			at[h.Position] = len(hints)
			hints = append(hints, h)
		}
	}
	out := hints[:0]
	for _, h := range hints {
		if h.Label != "" {
			out = append(out, h)
		}
	}
	return out
}

// wordEnd is where a name ends that is on a line, as words of its own; -1 if it
// is not there.
func wordEnd(line, name string) int {
	for from := 0; ; {
		i := strings.Index(line[from:], name)
		if i < 0 || name == "" {
			return -1
		}
		i += from
		end := i + len(name)
		if (i == 0 || !isWord(line[i-1]) && line[i-1] != '.' && line[i-1] != '>') && (end == len(line) || !isWord(line[end])) {
			return end
		}
		from = i + 1
	}
}
