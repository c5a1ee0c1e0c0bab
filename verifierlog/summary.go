package verifierlog

import (
	"bytes"
	"strings"
)

// Summary is what the end of a log says.
type Summary struct {
	// Message is the kernel's complaint: every line of it, joined by
	// newlines. Empty for an accepted program.
	Message string
	// First and Last are the numbers of the complaint's lines, from 1.
	First, Last int
	// Insn is the instruction that the verifier gave up at, -1 when the log
	// does not say.
	Insn  int
	Stats Stats
}

// Summarize reads a log of any level. In a log of several programs, the last.
func Summarize(log string) Summary {
	s := Summary{Insn: -1}
	var (
		complaint   []byte // what came after the last line of the path
		first, last int    // its lines
		ended       bool   // by statistics
	)
	sc := NewScanner(strings.NewReader(log))
	for sc.Scan() {
		n := sc.Node()
		if n.Kind == KindStats {
			if s.Stats.Known { // of a program before
				s.Stats = Stats{}
			}
			s.Stats.Read(n.Text)
			ended = true
			continue
		}
		if n.Kind == KindBlank && (first == 0 || ended) {
			continue
		}
		if n.onPath() && (n.Line != last || first == 0) {
			complaint, first, ended = complaint[:0], 0, false
			if n.Kind == KindInsn {
				s.Insn = n.Insn
			}
			continue
		}
		if ended { // another log
			complaint, first, ended = complaint[:0], 0, false
			s.Insn, s.Stats = -1, Stats{}
		}
		if first == 0 {
			first = n.Line
		}
		if n.Kind != KindBlank {
			last = n.Line
		}
		complaint = append(complaint, n.Raw...)
	}
	if complaint = bytes.TrimRight(complaint, "\r\n \t"); len(complaint) > 0 {
		s.Message = strings.ReplaceAll(string(complaint), "\r\n", "\n")
		s.First, s.Last = first, last
	}
	if s.Insn < 0 {
		s.Insn = namedInsn(s.Message)
	}
	return s
}

// onPath says whether a node tells the way, not the complaint.
func (n *Node) onPath() bool {
	switch n.Kind {
	case KindMessage, KindReport, KindBlank, KindStats, KindUnknown:
		return false
	}
	return true
}

// namedInsn is the instruction that a complaint without a path names:
// "unreachable insn 5".
func namedInsn(message string) int {
	first, _, _ := strings.Cut(message, "\n")
	for _, key := range [...]string{"insn ", "insn#", "insn_idx "} {
		if _, after, ok := strings.Cut(first, key); ok {
			c := cursor{b: []byte(after)}
			if n, ok := c.digits(); ok {
				return n
			}
		}
	}
	return -1
}
