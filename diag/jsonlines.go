package diag

import (
	"encoding/json"
	"io"
	"reflect"
)

// line is one line of the format json-lines: a diagnostic with what it belongs
// to, or a program or an object that could not be verified.
type line struct {
	Schema  int     `json:"schema"`
	Kernel  Kernel  `json:"kernel,omitzero"`
	Object  string  `json:"object"`
	Program string  `json:"program,omitempty"`
	Section string  `json:"section,omitempty"`
	Type    string  `json:"type,omitempty"`
	Verdict Verdict `json:"verdict"`
	Error   string  `json:"error,omitempty"`
	*Diagnostic
	LeftOut *LeftOut `json:"left_out,omitempty"`
}

// WriteJSONLines prints a line for each diagnostic of an object, and for what
// could not be verified. Accepted programs have none. No line is longer than max
// bytes, as Bound does it; 0 is no bound.
func WriteJSONLines(w io.Writer, k Kernel, o Object, max int, how string) error {
	if o.Error != "" {
		l := line{Schema: Schema, Kernel: k, Object: o.Path, Verdict: Error, Error: o.Error}
		if err := writeLine(w, l.clipped(max, how)); err != nil {
			return err
		}
	}
	for _, p := range o.Programs {
		p.Stats, p.ProgSize, p.Notes, p.Work = nil, 0, nil, nil // which lines do not have
		diagnostics := p.Diagnostics
		if len(diagnostics) == 0 && p.Verdict == Error {
			diagnostics = []Diagnostic{{}}
		}
		for _, g := range diagnostics {
			p.Diagnostics = []Diagnostic{g}
			one := Document{Objects: []Object{{Path: o.Path, Programs: []Program{p}}}}
			write := func(w io.Writer, d Document) error { return writeLine(w, lineOf(k, o.Path, p, d)) }
			one, err := Bound(one, max, how, write)
			if err == nil {
				err = write(w, one)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// lineOf is the line of a program's diagnostic, of which d has what fits.
func lineOf(k Kernel, object string, p Program, d Document) line {
	l := line{Schema: Schema, Kernel: k, Object: object, Program: p.Name, Section: p.Section, Type: p.Type, Verdict: p.Verdict, LeftOut: d.LeftOut}
	for _, o := range d.Objects {
		for _, p := range o.Programs {
			l.Error = p.Error
			for i := range p.Diagnostics {
				if g := &p.Diagnostics[i]; !reflect.DeepEqual(*g, Diagnostic{}) {
					l.Diagnostic = g
				}
			}
		}
	}
	return l
}

// clipped is a line with a shorter error if it is too long.
func (l line) clipped(max int, how string) line {
	var c counter
	if err := writeLine(&c, l); err == nil && max > 0 && int(c) > max {
		l.Error = clip(l.Error)
		l.LeftOut = &LeftOut{MaxBytes: max, How: how}
	}
	return l
}

func writeLine(w io.Writer, l line) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e.Encode(l)
}
