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
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e.Encode(doc)
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
