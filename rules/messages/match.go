package messages

import (
	"strings"
)

// Match is what a message was recognised by.
type Match struct {
	Code string
	// Line is the index of the line that decided, and Text that line.
	Line int
	Text string
	// Fields are what stood at the pattern's wildcards, in order.
	Fields  []string
	Pattern *Pattern
}

// maxLine bounds what is looked at of a line. The longest that a kernel prints
// is 1,024 bytes (BPF_VERIFIER_TMP_LOG_SIZE).
const maxLine = 1 << 12

// Find finds the code of a kernel's complaint, whose lines are joined by
// newlines. The first line that is a complaint decides; one that only
// introduces another, or goes into detail of it, does so if there is no such
// line. ok is false if no line is known.
func Find(message string) (m Match, ok bool) {
	rank := Trace
	n := 0
	for line := range strings.SplitSeq(message, "\n") {
		if p, fields := load().index.find(line); p != nil && p.Role < rank {
			m = Match{Code: p.Code, Line: n, Text: line, Fields: fields, Pattern: p}
			if rank = p.Role; rank == Complaint {
				break
			}
		}
		n++
	}
	return m, rank < Trace
}

// Line recognises one line, also one that is no complaint; p is nil for a line
// that no kernel is known to print.
func Line(line string) (p *Pattern, fields []string) {
	return load().index.find(line)
}

// index finds the patterns that a line may fit by the text that they begin
// with, or that follows a register at their begin.
type index struct {
	plain, register prefixes
	others          []*Pattern // begin with another wildcard
}

type prefixes struct {
	patterns map[string][]*Pattern
	lengths  [maxPrefix + 1]bool
}

// maxPrefix is enough to tell patterns apart.
const maxPrefix = 32

func (x *index) build(patterns []*Pattern) {
	for _, p := range patterns {
		switch t := p.tokens; {
		case t[0].wildcard == 0:
			x.plain.add(t[0].text, p)
		case t[0].wildcard == 'R' && len(t) > 1 && t[1].wildcard == 0:
			x.register.add(t[1].text, p)
		default:
			x.others = append(x.others, p)
		}
	}
}

func (x *prefixes) add(prefix string, p *Pattern) {
	prefix = prefix[:min(len(prefix), maxPrefix)]
	if x.patterns == nil {
		x.patterns = map[string][]*Pattern{}
	}
	x.patterns[prefix] = append(x.patterns[prefix], p)
	x.lengths[len(prefix)] = true
}

func (x *index) find(line string) (best *Pattern, fields []string) {
	line = strings.TrimSpace(line)
	if line == "" || len(line) > maxLine {
		return nil, nil
	}
	try := func(patterns []*Pattern) {
		for _, p := range patterns {
			if best != nil && p.literal <= best.literal {
				continue
			}
			if f, ok := p.match(line); ok {
				best, fields = p, f
			}
		}
	}
	x.plain.each(line, try)
	if n := register(line); n > 0 {
		x.register.each(line[n:], try)
	}
	try(x.others)
	return best, fields
}

func (x *prefixes) each(line string, try func([]*Pattern)) {
	for n := min(len(line), maxPrefix); n > 0; n-- {
		if x.lengths[n] {
			try(x.patterns[line[:n]])
		}
	}
}
