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
	// Report is the one that Message ends with, nil if it has none.
	Report *Report
}

// Summarize reads a log of any level. Of several logs it takes the last;
// statistics end a log, and text behind them without a path or statistics of
// its own is none.
func Summarize(log string) Summary {
	var ended *summarizer // the log before the one that is read
	s := &summarizer{insn: -1}
	sc := NewScanner(strings.NewReader(log))
	for sc.Scan() {
		n := sc.Node()
		if s.stats.Known && n.Kind != KindStats && n.Kind != KindBlank {
			ended, s = s, &summarizer{insn: -1}
		}
		s.add(n)
	}
	if ended != nil && !s.path && !s.stats.Known {
		s = ended
	}
	return s.summary()
}

// summarizer keeps what the end of one log may turn out to be.
type summarizer struct {
	complaint   []byte // what came behind the last line of the path
	first, last int    // its lines
	insn        int    // the last of the path
	path        bool   // there is a path
	stats       Stats
}

func (s *summarizer) add(n *Node) {
	switch n.Kind {
	case KindStats:
		s.stats.Read(n.Text)
	case KindMessage, KindReport, KindUnknown:
		if n.Kind == KindUnknown && elision(n.Raw) {
			return // somebody left lines out
		}
		s.say(n)
		s.last = n.Line
	case KindBlank:
		if s.first > 0 {
			s.say(n)
		}
	default:
		if n.Kind == KindState && n.Line == s.last { // "cur state: R0=1"
			s.say(n)
			return
		}
		s.complaint, s.first, s.path = s.complaint[:0], 0, true
		if n.Kind == KindInsn {
			s.insn = n.Insn
		}
	}
}

func (s *summarizer) say(n *Node) {
	if s.first == 0 {
		s.first = n.Line
	}
	if l := len(s.complaint); l > 0 && s.complaint[l-1] != '\n' && n.Line != s.last {
		s.complaint = append(s.complaint, '\n') // statistics are behind it on its line
	}
	s.complaint = append(s.complaint, n.Raw...)
}

// elision says that a line has nothing but dots: "...", "[...]".
func elision(line []byte) bool { return len(bytes.Trim(line, ".[]… \t\r\n")) == 0 }

func (s *summarizer) summary() Summary {
	sum := Summary{Insn: s.insn, Stats: s.stats}
	if text := bytes.TrimRight(s.complaint, "\r\n \t"); len(text) > 0 {
		sum.Message = strings.ReplaceAll(string(text), "\r\n", "\n")
		sum.First, sum.Last = s.first, s.last
	}
	if sum.Insn < 0 {
		sum.Insn = namedInsn(sum.Message)
	}
	if sum.Report = ReadReport(sum.Message); sum.Report != nil && sum.Insn < 0 {
		sum.Insn = sum.Report.At.Insn
	}
	return sum
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
