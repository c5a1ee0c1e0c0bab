package fix

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/object"
)

// place is a line of a file. The file is its name without folders: objects and
// diagnostics call it by different paths.
type place struct {
	file string
	line int
}

func placeOf(file string, line int) place { return place{filepath.Base(file), line} }

// codeOf lists the lines that have instructions.
func codeOf(o *object.Object) map[place]bool {
	all := map[place]bool{}
	for _, f := range o.Functions {
		for i := range f.Insns {
			if p, ok := o.Position(f, i); ok {
				all[placeOf(p.File, p.Line)] = true
			}
		}
	}
	return all
}

// primary is the label of what was refused; nil if the diagnostic has none.
func primary(d *diag.Diagnostic) *diag.Label {
	i := slices.IndexFunc(d.Labels, func(l diag.Label) bool { return l.Primary && l.Line > 0 })
	if i < 0 {
		return nil
	}
	return &d.Labels[i]
}

// moved is where a line is when the edits are made. It is touched where they change
// what stands on it, and do not only add lines in front.
func moved(edits []diag.Edit, file string, line int) (to int, touched bool) {
	to = line
	for _, e := range edits {
		if e.File != file {
			continue
		}
		added := strings.Count(e.Replacement, "\n")
		switch insertion := e.Start == e.End; {
		case e.End.Line < line:
			to += added - (e.End.Line - e.Start.Line)
		case e.Start.Line > line:
		case insertion && strings.HasPrefix(e.Replacement, "\n"): // a statement behind this one
		case insertion && added > 0 && strings.TrimSpace(e.Replacement[strings.LastIndex(e.Replacement, "\n"):]) == "":
			// A statement in front of this one. It brings the line break and the
			// indentation of what stands there now.
			to += added
		case e.End.Line == line && e.End.Column == 1:
			to += added - (e.End.Line - e.Start.Line) // whole lines before it
		default:
			touched = true
		}
	}
	return to, touched
}
