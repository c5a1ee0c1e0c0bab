package verifierlog

import (
	"bytes"
	"io"
)

const (
	// findWindow is how much of the input a Finder holds, and the longest line
	// that it sees in one piece.
	findWindow = 256 << 10
	// findAhead is how far it looks ahead at the beginning and the end of a
	// log: little, because a file may have thousands of short logs.
	findAhead = 16 << 10
)

// findInput gives the physical lines of the input with their places. A line
// longer than the window comes in pieces.
type findInput struct {
	r          io.Reader
	buf        []byte
	start, end int   // the unread part of buf
	offset     int64 // of buf[start] in the input
	line       int   // number of the line that buf[start] is in, from 1
	inside     bool  // buf[start] is not the first byte of its line
	err        error // what the reader said; io.EOF is one
}

// findPiece is a physical line, or a part of an over-long one.
type findPiece struct {
	text   []byte // without line feed; valid until the next piece is asked for
	line   int
	offset int64
	eol    bool // a line feed follows
	inside bool // the line began in an earlier piece
}

// fill makes room and reads until n bytes are unread or the input ends.
func (in *findInput) fill(n int) {
	if in.buf == nil {
		in.buf = make([]byte, findWindow)
	}
	if in.end-in.start >= n || in.err != nil {
		return
	}
	in.end = copy(in.buf, in.buf[in.start:in.end])
	in.start = 0
	for empty := 0; in.end < n && in.err == nil; {
		k, err := in.r.Read(in.buf[in.end:])
		in.end, in.err = in.end+k, err
		if k > 0 {
			empty = 0
		} else if empty++; empty == 100 && err == nil {
			in.err = io.ErrNoProgress
		}
	}
}

// ahead returns unread input: 16 KiB of it unless the input ends before.
func (in *findInput) ahead() []byte {
	in.fill(findAhead)
	return in.buf[in.start:min(in.end, in.start+findAhead)]
}

// next returns the next piece, false at the end of the input.
func (in *findInput) next() (findPiece, bool) {
	i := bytes.IndexByte(in.buf[in.start:in.end], '\n')
	for i < 0 && in.err == nil && in.end-in.start < findWindow {
		searched := in.end - in.start
		in.fill(searched + 1)
		if i = bytes.IndexByte(in.buf[in.start+searched:in.end], '\n'); i >= 0 {
			i += searched
		}
	}
	n := i
	if i < 0 {
		n = in.end - in.start
		if n == 0 {
			return findPiece{}, false
		}
		if in.err == nil {
			// No escape sequence of a quoted string is cut in two.
			if k := bytes.LastIndexByte(in.buf[in.start:in.end], '\\'); n-k < 16 && k > 1 {
				for n = k; n > 1 && in.buf[in.start+n-1] == '\\'; n-- {
				}
			}
		}
	}
	p := findPiece{text: in.buf[in.start : in.start+n], line: in.line, offset: in.offset, eol: i >= 0, inside: in.inside}
	in.inside = i < 0
	if i >= 0 {
		in.line++
		n++
	}
	in.start += n
	in.offset += int64(n)
	return p, true
}
