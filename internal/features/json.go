package features

import (
	"encoding/json"
	"io"

	"github.com/bpfdiag/bpfdiag/diag"
)

// document is a report as JSON, one entry for each kernel.
type document struct {
	Schema  int              `json:"schema"`
	Kernels []kernelDocument `json:"kernels"`
	LeftOut *leftOut         `json:"left_out,omitempty"` // nil if all is there
}

// leftOut says what a document does not have for its size.
type leftOut struct {
	MaxBytes int    `json:"max_bytes"`
	Names    int    `json:"names"` // of functions, maps, fields and programs, in all lists
	How      string `json:"how"`   // to get them
}

type kernelDocument struct {
	diag.Kernel
	Limits []Limit `json:"limits,omitempty"`
	// Common is what all of Programs may use; each may use what it has beside it.
	Common    *uses              `json:"common,omitempty"`
	Programs  []programDocument  `json:"programs,omitempty"`
	Functions []functionDocument `json:"functions,omitempty"`
	// Flags lists, by flag, those of the helpers and kfuncs above that have it.
	Flags map[string][]string `json:"flags,omitempty"`
	Maps  []string            `json:"maps,omitempty"` // of an overview: what maps there are
}

type uses struct {
	Helpers   []string `json:"helpers,omitempty"`
	Kfuncs    []string `json:"kfuncs,omitempty"`
	Maps      []string `json:"maps,omitempty"`
	MapValues []string `json:"map_values,omitempty"`
}

type programDocument struct {
	Sections  []string `json:"sections"`
	Type      string   `json:"type"`
	Sleepable bool     `json:"sleepable,omitempty"`
	Error     string   `json:"error,omitempty"`   // why the kernel takes no such program
	Returns   string   `json:"returns,omitempty"` // "0..3"; absent for anything
	Context   *Context `json:"context,omitempty"`
	uses
}

type functionDocument struct {
	Function
	Error string `json:"error,omitempty"` // why nothing may use it
	// Allowed and Denied are program types where all sections of a type are
	// alike, sections elsewhere.
	Allowed []string `json:"allowed"`
	Denied  []string `json:"denied"`
}

// WriteJSON writes a report as one JSON value.
func (r *Report) WriteJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e.Encode(r.document())
}

// JSON is a report as JSON of at most max bytes. Where names have to be left out, all
// lists are cut at one length, and left_out says how many are missing, and how to
// get them. The error is a *diag.BoundError if the bound is too small.
func (r *Report) JSON(max int, how string) (json.RawMessage, error) {
	doc := r.document()
	cut := func(n int) document {
		if n == doc.longest() {
			return doc
		}
		out := doc.cut(n)
		out.LeftOut.MaxBytes, out.LeftOut.How = max, how
		return out
	}
	n, err := diag.Fit(doc.longest(), max, func(n int, w io.Writer) error {
		b, err := json.Marshal(cut(n))
		if err == nil {
			_, err = w.Write(b)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return json.Marshal(cut(n))
}

func (r *Report) document() document {
	doc := document{Schema: diag.Schema}
	groups := r.Groups()
	for i, k := range r.answers {
		d := kernelDocument{Kernel: r.Kernels[i], Limits: k.Limits}
		switch {
		case len(r.Names) > 0:
			for _, name := range r.Names {
				d.Functions = append(d.Functions, r.functionDocument(k, name))
			}
		case r.Overview:
			for _, g := range groups {
				p := newProgramDocument(g, i)
				if c := g.In[i].Context; c != nil {
					p.Context = &Context{Name: c.Name}
				}
				d.Programs = append(d.Programs, p)
			}
			for _, m := range k.Maps {
				if m.Error == "" {
					d.Maps = append(d.Maps, m.Name)
				}
			}
		default:
			d.Common = &uses{Common(groups, i, helpersOf), Common(groups, i, kfuncsOf), Common(groups, i, mapsOf), Common(groups, i, valuesOf)}
			for _, g := range groups {
				p, in := newProgramDocument(g, i), g.In[i]
				p.Context = in.Context
				p.uses = uses{without(in.Helpers, d.Common.Helpers), without(in.Kfuncs, d.Common.Kfuncs),
					without(in.Maps, d.Common.Maps), without(in.Values, d.Common.MapValues)}
				d.Programs = append(d.Programs, p)
			}
			d.Flags = k.flags(groups, i)
		}
		doc.Kernels = append(doc.Kernels, d)
	}
	return doc
}

func newProgramDocument(g Group, kernel int) programDocument {
	in := g.In[kernel]
	return programDocument{Sections: g.Sections, Type: in.Type, Sleepable: in.Sleepable, Error: in.Error, Returns: in.Returns}
}

func (r *Report) functionDocument(k *Kernel, name string) functionDocument {
	d := functionDocument{Function: Function{Name: name, Kind: "map"}, Error: k.lacks(name), Allowed: []string{}, Denied: []string{}}
	if f, ok := r.function(name); ok {
		d.Function = f
	}
	if d.Error != "" {
		return d
	}
	yes, no := k.allowed(name)
	d.Allowed, d.Denied = append(d.Allowed, yes...), append(d.Denied, no...)
	return d
}
