package diag

import (
	"fmt"
	"io"
	"reflect"
	"slices"
)

// LeftOut says what a document does not have, because with it the JSON would be
// larger than its reader wants.
type LeftOut struct {
	MaxBytes int `json:"max_bytes"`
	// Objects are those of which nothing is there. Programs are counted by verdict,
	// those of such objects included.
	Objects  int `json:"objects,omitempty"`
	Rejected int `json:"rejected,omitempty"`
	Errors   int `json:"errors,omitempty"`
	Accepted int `json:"accepted,omitempty"`
	Skipped  int `json:"skipped,omitempty"`
	// Numbers counts programs that are there without stats, notes and work,
	// Shortened diagnostics that are there without some of their parts, Evidence the
	// steps that these lack, which are the oldest.
	Numbers   int    `json:"numbers,omitempty"`
	Shortened int    `json:"shortened,omitempty"`
	Evidence  int    `json:"evidence,omitempty"`
	How       string `json:"how"` // to get the rest
}

// BoundError says that a bound is smaller than any document.
type BoundError struct{ Max, Least int }

func (e *BoundError) Error() string {
	return fmt.Sprintf("%d bytes are not enough for the JSON that says what is left out; %d are", e.Max, e.Least)
}

// Bound returns a document of which write makes at most max bytes; 0 is no
// bound. If anything has to be left out, Document.LeftOut says what, and how to
// get it. What is most important stays: objects and programs that failed, with
// code, message and place of each cause; then what helps to mend them, the text
// form, and the path's last steps; then all steps, the numbers, and the accepted
// programs. Of two things as important as each other the first one stays. The
// error is write's, or a *BoundError.
func Bound(d Document, max int, how string, write func(io.Writer, Document) error) (Document, error) {
	if max <= 0 {
		return d, nil
	}
	all := additions(d)
	prefix := func(k int) Document {
		if k == len(all) {
			return d
		}
		out := prefixOf(d, all[:k])
		out.LeftOut.MaxBytes, out.LeftOut.How = max, how
		return out
	}
	k, err := Fit(len(all), max, func(k int, w io.Writer) error { return write(w, prefix(k)) })
	if err != nil {
		return d, err
	}
	return prefix(k), nil
}

// Fit finds how many of n additions to a document fit into max bytes, when write
// writes it with the first k of them. The error is write's, or a *BoundError.
func Fit(n, max int, write func(k int, w io.Writer) error) (int, error) {
	var err error
	size := func(k int) int {
		var c counter
		if err == nil {
			err = write(k, &c)
		}
		return int(c)
	}
	if size(n) <= max {
		return n, err
	}
	if least := size(0); least > max && err == nil {
		return 0, &BoundError{max, least}
	}
	// Most often a small part of something large fits.
	fits, over := 0, n
	for step := 1; fits+step < over; step *= 2 {
		if size(fits+step) > max {
			over = fits + step
			break
		}
		fits += step
	}
	for over-fits > 1 {
		if try := fits + (over-fits)/2; size(try) > max {
			over = try
		} else {
			fits = try
		}
	}
	return fits, err
}

// counter counts what is written to it.
type counter int

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}

// part is how much of a program or a diagnostic is there: each has those before it.
type part int

const (
	partNone   part = iota
	partRow         // of a program: name and verdict; of a diagnostic: code, messages, place
	partAdvice      // of a diagnostic: all but the text form and evidence; of a program: all
	partText        // the text form
	partFew         // the last steps of the path
	partMost        // more of them
	partAll
)

// steps is how many steps of the path there are with a part.
var steps = map[part]int{partFew: 8, partMost: 48}

// addition makes something of a document more complete.
type addition struct {
	object, program, diagnostic int // program and diagnostic are -1 for what is above them
	part                        part
}

// additions lists what makes a document of nothing, the most important first.
func additions(d Document) []addition {
	var broken, failed, numbers, accepted, same, acceptedNumbers []addition
	byPart := map[part][]addition{}
	for i, o := range d.Objects {
		if o.Error != "" || len(o.Programs) == 0 {
			broken = append(broken, addition{i, -1, -1, partRow})
		}
		for j, p := range o.Programs {
			if p.Verdict == Accepted || p.Verdict == Skipped {
				accepted = append(accepted, addition{i, j, -1, partRow})
				acceptedNumbers = append(acceptedNumbers, addition{i, j, -1, partAdvice})
			} else {
				failed = append(failed, addition{i, j, -1, partRow})
				numbers = append(numbers, addition{i, j, -1, partAdvice})
			}
			for k, g := range p.Diagnostics {
				failed = append(failed, addition{i, j, k, partRow})
				for _, part := range []part{partAdvice, partText, partFew, partMost, partAll} {
					a := addition{i, j, k, part}
					if g.SameAs != "" {
						same = append(same, a)
					} else {
						byPart[part] = append(byPart[part], a)
					}
				}
			}
		}
	}
	return slices.Concat(broken, failed, byPart[partAdvice], byPart[partText], byPart[partFew], numbers,
		byPart[partMost], byPart[partAll], accepted, same, acceptedNumbers)
}

// prefixOf is a document with nothing but what some additions make of it.
func prefixOf(d Document, made []addition) Document {
	type place struct{ object, program, diagnostic int }
	have := map[place]part{}
	for _, a := range made {
		have[place{a.object, a.program, a.diagnostic}] = a.part
		have[place{a.object, -1, -1}] = partRow
	}
	out, left := d, new(LeftOut)
	out.Objects, out.LeftOut = []Object{}, left
	for i, o := range d.Objects {
		if have[place{i, -1, -1}] == partNone {
			left.Objects++
		}
		programs := []Program{}
		for j, p := range o.Programs {
			has := have[place{i, j, -1}]
			if has == partNone {
				left.count(p.Verdict)
				continue
			}
			diagnostics := p.Diagnostics
			p.Diagnostics = nil
			for k, g := range diagnostics {
				has := have[place{i, j, k}]
				short := g.shortened(has)
				if has != partNone {
					p.Diagnostics = append(p.Diagnostics, short)
				}
				if !reflect.DeepEqual(short, g) {
					left.Shortened++
					left.Evidence += len(g.Evidence) - len(short.Evidence)
				}
			}
			if short := p.row(); has == partRow {
				if !reflect.DeepEqual(short, p) {
					left.Numbers++
				}
				p = short
			}
			programs = append(programs, p)
		}
		if have[place{i, -1, -1}] != partNone {
			o.Programs = programs
			out.Objects = append(out.Objects, o)
		}
	}
	return out
}

// count counts a program that is not there.
func (l *LeftOut) count(v Verdict) {
	switch v {
	case Accepted:
		l.Accepted++
	case Rejected:
		l.Rejected++
	case Skipped:
		l.Skipped++
	default:
		l.Errors++
	}
}

// row is a program with nothing but its verdict and diagnostics.
func (p Program) row() Program {
	p.Error = clip(p.Error)
	p.Stats, p.ProgSize, p.Notes, p.Work = nil, 0, nil, nil
	return p
}

// Brief is a diagnostic's code, messages and place alone.
func (d Diagnostic) Brief() Diagnostic { return d.shortened(partRow) }

// shortened is a diagnostic of which only a part is there.
func (d Diagnostic) shortened(p part) Diagnostic {
	switch p {
	case partNone:
		return Diagnostic{}
	case partRow:
		short := Diagnostic{Code: d.Code, Name: d.Name, Severity: d.Severity, Class: d.Class, Message: clip(d.Message), KernelMessage: clip(d.KernelMessage), SameAs: d.SameAs}
		if l := d.primary(); l != nil {
			short.Labels = []Label{{Primary: true, File: l.File, Line: l.Line, Column: l.Column, EndLine: l.EndLine, EndColumn: l.EndColumn, Text: clip(l.Text)}}
		}
		return short
	}
	if p < partText {
		d.Rendered = ""
	}
	if n := steps[p]; p < partAll && len(d.Evidence) > n {
		d.Evidence = d.Evidence[len(d.Evidence)-n:]
	}
	return d
}

// clip cuts a long string, after a whole character.
func clip(s string) string {
	const longest = 400
	if len(s) <= longest {
		return s
	}
	for i := range s {
		if i > longest {
			return s[:i] + "…"
		}
	}
	return s
}
