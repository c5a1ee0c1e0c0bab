package diag

import (
	"encoding/json"
	"io"
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
}

// WriteJSONLines prints a line for each diagnostic of an object, and for what
// could not be verified. Accepted programs have none.
func WriteJSONLines(w io.Writer, k Kernel, o Object) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	if o.Error != "" {
		if err := e.Encode(line{Schema: Schema, Kernel: k, Object: o.Path, Verdict: Error, Error: o.Error}); err != nil {
			return err
		}
	}
	for i := range o.Programs {
		p := &o.Programs[i]
		l := line{
			Schema: Schema, Kernel: k, Object: o.Path, Program: p.Name, Section: p.Section, Type: p.Type,
			Verdict: p.Verdict, Error: p.Error,
		}
		for j := range p.Diagnostics {
			l.Diagnostic = &p.Diagnostics[j]
			if err := e.Encode(l); err != nil {
				return err
			}
		}
		if len(p.Diagnostics) == 0 && p.Verdict == Error {
			if err := e.Encode(l); err != nil {
				return err
			}
		}
	}
	return nil
}
