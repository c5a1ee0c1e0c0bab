package verifierlog

import (
	"bytes"
	"io"
)

// MaxLine is how much of one line a Scanner holds. The longest line that a
// kernel prints, a state with every stack slot spilled, has a tenth of it. A
// longer line comes in pieces of this size, marked Partial.
const MaxLine = 64 << 10

// A Scanner reads a log and gives its nodes, one after the other:
//
//	sc := verifierlog.NewScanner(r)
//	for sc.Scan() {
//		n := sc.Node()
//		…
//	}
//
// A log is never an error; only the reader can fail. A Scanner holds a buffer
// of four lines of MaxLine and nothing that grows with the log.
type Scanner struct {
	r   io.Reader
	err error

	buf        []byte
	start, end int // of what is read and not yet given
	eof        bool

	rest     []byte // of the current line, still to be split
	whole    bool   // rest ends the line
	torn     bool   // the line began in an earlier piece
	line     int
	offset   int64
	node     Node
	position // what the lines before say about the next
}

// position is what the meaning of a line takes from the lines before it.
type position struct {
	at      int  // instruction that the current line is about, -1
	above   int  // instruction that the line above ends with, -1
	behind  Kind // node before this one on the same line; KindBlank at its begin
	table   table
	report  bool
	section []byte // of the report; own memory
}

// NewScanner returns a Scanner that reads from r.
func NewScanner(r io.Reader) *Scanner {
	return &Scanner{r: r, buf: make([]byte, 4*MaxLine)}
}

// Reset makes s read from r, as a new Scanner would. The buffer is kept.
func (s *Scanner) Reset(r io.Reader) { *s = Scanner{r: r, buf: s.buf} }

// Scan goes to the next node and says whether there is one.
func (s *Scanner) Scan() bool {
	s.offset += int64(len(s.node.Raw))
	if len(s.rest) == 0 && !s.next() {
		s.node = Node{Insn: -1, From: -1, Func: -1, Line: s.line, Offset: s.offset}
		return false
	}
	s.node = Node{Insn: -1, From: -1, Func: -1, Line: s.line, Offset: s.offset, Partial: s.torn || !s.whole}
	n := len(s.rest)
	if s.torn {
		s.node.Kind, s.node.Text = KindUnknown, trimEnd(s.rest)
	} else {
		n = s.classify(s.rest)
	}
	s.node.Raw = s.rest[:n:n]
	s.rest = s.rest[n:]
	s.behind = s.node.Kind
	return true
}

// Node is the node that Scan went to. It, and the bytes that it points to, are
// valid until the next Scan.
func (s *Scanner) Node() *Node { return &s.node }

// Err is the reader's error, nil at the end of the input.
func (s *Scanner) Err() error { return s.err }

// next takes the next line, or the next piece of a long one.
func (s *Scanner) next() bool {
	n := s.lineEnd()
	if n == 0 {
		return false
	}
	s.torn = s.line > 0 && !s.whole
	if !s.torn {
		s.line++
	}
	s.rest = s.buf[s.start : s.start+n]
	s.whole = s.rest[n-1] == '\n' || s.eof && s.start+n == s.end
	s.start += n
	if s.above = -1; s.behind == KindInsn {
		s.above = s.at
	}
	s.at, s.behind = -1, KindBlank
	return true
}

// lineEnd reads until there is a line, and gives its length; a long line's
// first MaxLine bytes. Where a line is cut depends on the input alone, not on
// how the reader hands it out.
func (s *Scanner) lineEnd() int {
	for seen := 0; ; {
		if i := bytes.IndexByte(s.buf[s.start+seen:s.end], '\n'); i >= 0 {
			return min(seen+i+1, MaxLine)
		}
		if seen = s.end - s.start; seen >= MaxLine {
			return MaxLine
		}
		if s.eof {
			return seen
		}
		s.fill()
	}
}

// fill reads more. It is called with less than MaxLine in the buffer.
func (s *Scanner) fill() {
	if len(s.buf)-s.end < MaxLine {
		s.end = copy(s.buf, s.buf[s.start:s.end])
		s.start = 0
	}
	for range 100 { // as bufio: a reader that gives nothing is broken
		n, err := s.r.Read(s.buf[s.end:])
		if n < 0 || n > len(s.buf)-s.end {
			panic("verifierlog: reader returned an impossible count")
		}
		s.end += n
		if err != nil {
			s.eof = true
			if err != io.EOF {
				s.err = err
			}
			return
		}
		if n > 0 {
			return
		}
	}
	s.eof, s.err = true, io.ErrNoProgress
}

// trimEnd cuts the line end off: LF or CRLF.
func trimEnd(b []byte) []byte {
	if n := len(b); n > 0 && b[n-1] == '\n' {
		b = b[:n-1]
	}
	if n := len(b); n > 0 && b[n-1] == '\r' {
		b = b[:n-1]
	}
	return b
}
