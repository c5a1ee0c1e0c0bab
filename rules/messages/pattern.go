package messages

import (
	"strings"
)

// Pattern is a line that a kernel prints.
type Pattern struct {
	Text string
	// Code of the rule that claims it; empty for what is no complaint.
	Code string
	Role Role
	// Reason says why a pattern without a code is none of a complaint.
	Reason string

	tokens  []token
	literal int // bytes that are not wildcards
}

// Role is what a line does in a complaint.
type Role uint8

const (
	// Complaint says what is wrong. The first one of a message decides.
	Complaint Role = iota
	// Preface precedes a complaint that says more, and decides only if none
	// follows.
	Preface
	// Detail follows a complaint, and decides only if it stands alone, as the
	// rest of a log that was cut.
	Detail
	// Trace, Stats and Report are no complaints: the path, the numbers at the
	// end, the report of Linux 7.3.
	Trace
	Stats
	Report
	// Unreachable is a message that no load of a program can cause.
	Unreachable

	numRoles
)

var roleNames = [numRoles]string{"complaint", "preface", "detail", "trace", "stats", "report", "unreachable"}

func (r Role) String() string {
	if r < numRoles {
		return roleNames[r]
	}
	return "invalid"
}

// token is a wildcard, or text if wildcard is 0.
type token struct {
	wildcard byte
	text     string
}

// NewPattern reads a pattern; every text is one.
func NewPattern(text string) *Pattern {
	p := &Pattern{Text: text, tokens: make([]token, 0, 2*strings.Count(text, "%")+1)}
	from := 0 // of text that is none of the tokens yet
	literal := func(to int) {
		if to > from {
			s := strings.ReplaceAll(text[from:to], "%%", "%")
			p.tokens = append(p.tokens, token{text: s})
			p.literal += len(s)
		}
	}
	for i := 0; i+1 < len(text); i++ {
		if text[i] != '%' {
			continue
		}
		i++
		switch text[i] {
		case 'd', 'x', 'R', 's':
			literal(i - 1)
			p.tokens = append(p.tokens, token{wildcard: text[i]})
			from = i + 1
		}
	}
	literal(len(text))
	return p
}

// Fits says whether the pattern stands for a line.
func (p *Pattern) Fits(line string) bool {
	_, ok := p.match(line)
	return ok
}

// match compares a whole line. The time is linear in the length of the line
// for each piece of the pattern between two %s: the leftmost place for a piece
// is as good as any other, because a piece takes from its place on what it can
// in one way only.
func (p *Pattern) match(line string) (fields []string, ok bool) {
	var buf [8]string
	fields = buf[:0]
	at, tokens := 0, p.tokens
	open := -1 // where the text of a %s begins
	for {
		n := 0
		for n < len(tokens) && tokens[n].wildcard != 's' {
			n++
		}
		piece, last := tokens[:n], n == len(tokens)
		mark := len(fields)
		if open < 0 {
			if at, fields, ok = matchPiece(piece, line, at, fields); !ok || last && at != len(line) {
				return nil, false
			}
		} else if last && n == 0 {
			return append(fields, line[open:]), true
		} else {
			found := false
			for from := open; from <= len(line) && !found; from++ {
				if piece[0].wildcard == 0 {
					skip := strings.Index(line[from:], piece[0].text)
					if skip < 0 {
						return nil, false
					}
					from += skip
				}
				var end int
				end, fields, ok = matchPiece(piece, line, from, append(fields[:mark], line[open:from]))
				if found = ok && (!last || end == len(line)); found {
					at = end
				}
			}
			if !found {
				return nil, false
			}
		}
		if last {
			return fields, true
		}
		open, tokens = at, tokens[n+1:]
		if len(tokens) > 0 && tokens[0].wildcard == 's' { // "%s%s"
			fields = append(fields, "")
		}
	}
}

func matchPiece(piece []token, line string, at int, fields []string) (int, []string, bool) {
	for _, t := range piece {
		n := 0
		rest := line[at:]
		switch t.wildcard {
		case 0:
			if !strings.HasPrefix(rest, t.text) {
				return 0, fields, false
			}
			at += len(t.text)
			continue
		case 'd':
			n = decimal(rest)
		case 'x':
			n = hexadecimal(rest)
		case 'R':
			n = register(rest)
		}
		if n == 0 {
			return 0, fields, false
		}
		fields = append(fields, rest[:n])
		at += n
	}
	return at, fields, true
}

func digits(s string) int {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return n
}

func decimal(s string) int {
	if strings.HasPrefix(s, "-") {
		if n := digits(s[1:]); n > 0 {
			return n + 1
		}
		return 0
	}
	return digits(s)
}

func hexadecimal(s string) int {
	n := 0
	for n < len(s) && (s[n] >= '0' && s[n] <= '9' || s[n] >= 'a' && s[n] <= 'f') {
		n++
	}
	return n
}

// register is the length of a register's or argument's name: "R1", "arg#0",
// "args#0", "arg 1", "arg1", "*(R11-8)" (reg_arg_name).
func register(s string) int {
	if rest, ok := strings.CutPrefix(s, "*(R11-"); ok {
		if n := digits(rest); n > 0 && strings.HasPrefix(rest[n:], ")") {
			return len("*(R11-") + n + 1
		}
		return 0
	}
	for _, prefix := range [...]string{"R", "args#", "arg #", "arg#", "arg ", "arg"} {
		if rest, ok := strings.CutPrefix(s, prefix); ok {
			if n := digits(rest); n > 0 {
				return len(prefix) + n
			}
			return 0
		}
	}
	return 0
}

// Sample is a line that pattern text fits.
func Sample(text string) string {
	return strings.NewReplacer("%%", "%", "%d", "7", "%x", "1f", "%R", "R1", "%s", "some text").Replace(text)
}
