package diag

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"strings"
)

// finding is a diagnostic and where it is in its document; d is nil for a
// program that was not verified, program too for an unreadable object.
type finding struct {
	object  *Object
	program *Program
	d       *Diagnostic
}

// findings lists what a document has to report, each cause once, in its order.
func (doc *Document) findings() []finding {
	var all []finding
	for i := range doc.Objects {
		all = append(all, doc.Objects[i].findings()...)
	}
	return all
}

func (o *Object) findings() []finding {
	var all []finding
	if o.Error != "" {
		all = append(all, finding{object: o})
	}
	for i := range o.Programs {
		p := &o.Programs[i]
		if p.Verdict == Error && len(p.Diagnostics) == 0 {
			all = append(all, finding{object: o, program: p})
		}
		for j := range p.Diagnostics {
			if d := &p.Diagnostics[j]; d.SameAs == "" {
				all = append(all, finding{object: o, program: p, d: d})
			}
		}
	}
	return all
}

// failure says in one sentence why there is no verdict; for findings without a
// diagnostic.
func (f *finding) failure() string {
	switch {
	case f.program == nil:
		return f.object.Error
	case f.program.Error == "":
		return "`" + f.program.Name + "` was not verified"
	}
	return "`" + f.program.Name + "` was not verified: " + f.program.Error
}

// fingerprint identifies a cause across runs. It holds no line number, so that
// it survives edits elsewhere in the file.
func (f *finding) fingerprint(r Report) string {
	h := sha256.New()
	part := func(s string) { fmt.Fprintf(h, "%d:%s", len(s), s) }
	if f.d == nil {
		part(filepath.Base(f.object.Path))
		part(f.failure())
		return hex.EncodeToString(h.Sum(nil)[:16])
	}
	part(f.d.Code)
	if l := f.d.primary(); l != nil && l.File != "" {
		part(r.path(l.File))
		part(l.Function)
		part(strings.Join(strings.Fields(l.Source), " "))
		if l.Source == "" {
			part(f.d.Message)
		}
	} else {
		part(filepath.Base(f.object.Path))
		part(f.program.Name)
		part(f.d.Message)
		part(f.d.KernelMessage)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// fingerprints gives findings of one document different fingerprints. Where
// two causes share a line of equal text, the order counts.
func fingerprints(all []finding, r Report) []string {
	seen := map[string]int{}
	out := make([]string, len(all))
	for i := range all {
		p := all[i].fingerprint(r)
		seen[p]++
		if n := seen[p]; n > 1 {
			p = fmt.Sprintf("%s-%d", p, n)
		}
		out[i] = p
	}
	return out
}

// unique keeps the first finding at each place: two objects may hold the same
// function of one header.
func unique(all []finding) []finding {
	var out []finding
	seen := map[[2]string][]*Diagnostic{}
next:
	for _, f := range all {
		if f.d == nil || f.d.primary() == nil {
			out = append(out, f)
			continue
		}
		key := [2]string{f.d.Code, f.d.primary().File}
		for _, d := range seen[key] {
			if sameCause(d, f.d) {
				continue next
			}
		}
		seen[key] = append(seen[key], f.d)
		out = append(out, f)
	}
	return out
}
