package diag

import (
	"cmp"
	"slices"
	"strings"
)

// Work says on what the verifier spent its instructions in a program, as far as
// its log shows them.
type Work struct {
	Insns  int `json:"insns"`  // instructions that the log shows, over all paths
	Paths  int `json:"paths"`  // branches put off and taken up later
	Pruned int `json:"pruned"` // paths that ended in a state that was known
	// CutMB is how much of the log is missing, in MB, because it is longer than its
	// buffer; 0 if it is whole.
	CutMB float64    `json:"cut_mb,omitempty"`
	Parts []WorkPart `json:"parts"` // the program's functions, most work first
}

// WorkPart is a part of a program, with the parts that are in it, most work first.
type WorkPart struct {
	Kind     WorkKind `json:"kind"`
	File     string   `json:"file,omitempty"` // as the compiler saw it, until Sources.Locate
	Line     int      `json:"line,omitempty"`
	Function string   `json:"function,omitempty"`
	Source   string   `json:"source,omitempty"` // the line, or the loop's head
	Insns    int      `json:"insns"`            // instructions executed in it, over all paths
	// Times is how often: a function was called, a loop gone through, an unrolled
	// loop written down by the compiler, a line executed.
	Times  int `json:"times"`
	Code   int `json:"code"`   // instructions that it was compiled to
	Paths  int `json:"paths"`  // branches put off in it and taken up later
	Pruned int `json:"pruned"` // paths that ended in it, in a state that was known
	// CalledAt are the lines of the calls of a function, where they are known.
	CalledAt []int      `json:"called_at,omitempty"`
	Calls    []WorkCall `json:"calls,omitempty"`
	Parts    []WorkPart `json:"parts,omitempty"`
}

// WorkKind is what a part is.
type WorkKind string

// The kinds.
const (
	WorkFunction WorkKind = "function"
	WorkLoop     WorkKind = "loop"
	WorkUnrolled WorkKind = "unrolled" // a loop of the source whose passes stand one behind the other in the object
	WorkLine     WorkKind = "line"
)

// WorkCall is a call of a function that is a part of its own, because it is
// called from several places.
type WorkCall struct {
	Function string `json:"function"`
	Times    int    `json:"times"`
	Insns    int    `json:"insns"` // of the function, by this call
}

// Lines lists the source lines, each once, most work first.
func (w *Work) Lines() []WorkPart {
	type place struct {
		file string
		line int
	}
	index := map[place]int{}
	var lines []WorkPart
	var walk func(parts []WorkPart)
	walk = func(parts []WorkPart) {
		for _, p := range parts {
			if p.Kind != WorkLine {
				walk(p.Parts)
				continue
			}
			at := place{p.File, p.Line}
			i, known := index[at]
			if !known {
				index[at] = len(lines)
				lines = append(lines, p)
				continue
			}
			l := &lines[i]
			l.Insns, l.Code, l.Paths, l.Pruned = l.Insns+p.Insns, l.Code+p.Code, l.Paths+p.Paths, l.Pruned+p.Pruned
			l.Times += p.Times
			l.Calls = append(slices.Clip(l.Calls), p.Calls...)
		}
	}
	walk(w.Parts)
	slices.SortStableFunc(lines, compareWork)
	return lines
}

// Sort puts the parts with most work first.
func (w *Work) Sort() { sortParts(w.Parts) }

func sortParts(parts []WorkPart) {
	slices.SortStableFunc(parts, compareWork)
	for i := range parts {
		sortParts(parts[i].Parts)
	}
}

func compareWork(a, b WorkPart) int {
	return cmp.Or(cmp.Compare(b.Insns, a.Insns), strings.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
}

// locateWork does for a program's work what Locate does for its diagnostics.
func (s *Sources) locateWork(w *Work, dirs []string) {
	own := map[string]map[int]string{}
	each(w.Parts, func(p *WorkPart) {
		if p.Kind == WorkLine && p.Source != "" {
			if own[p.File] == nil {
				own[p.File] = map[int]string{}
			}
			own[p.File][p.Line] = p.Source
		}
	})
	found := map[string]string{}
	each(w.Parts, func(p *WorkPart) {
		if p.File == "" {
			return
		}
		path, known := found[p.File]
		if !known {
			path, _ = s.find(p.File, dirs, own[p.File])
			found[p.File] = path
		}
		p.File = path
	})
	w.Sort() // files of one size go by their names
}

func each(parts []WorkPart, f func(*WorkPart)) {
	for i := range parts {
		f(&parts[i])
		each(parts[i].Parts, f)
	}
}
