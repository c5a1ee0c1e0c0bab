package facts

import (
	"path/filepath"
	"slices"
	"sort"
	"strings"

	"github.com/bpfdiag/bpfdiag/internal/debuginfo"
	"github.com/bpfdiag/bpfdiag/internal/object"
	"github.com/bpfdiag/bpfdiag/verifierlog"
)

// run is a stretch of instructions that were made for one line.
type run struct {
	fn       *object.Function
	from, to int // of the program, to excluded
	base     int // of fn in the program
	function string
}

// index finds the runs of each line.
func (p *Program) index() {
	p.lines = map[string]map[int][]run{}
	var last debuginfo.Place
	var at *run
	for i := range p.points {
		q := &p.points[i]
		if q.visits == 0 {
			if i == 0 || p.points[i-1].insn.Op != verifierlog.OpLoadImm || p.points[i-1].visits == 0 {
				at = nil // not the second slot of a constant
			}
			continue
		}
		fn, k, ok := p.c.Locate(i)
		if !ok {
			at = nil
			continue
		}
		place, ok := p.c.Info.Place(fn, k)
		if own, known := p.c.Info.OwnPlace(fn, k); !ok || place.Line == 0 || known && !own {
			at = nil
			continue
		}
		if at != nil && at.fn == fn && samePlace(&last, &place) {
			at.to = i + 1
			continue
		}
		last = place
		lines := p.lines[place.File]
		if lines == nil {
			lines = map[int][]run{}
			p.lines[place.File] = lines
			p.files = append(p.files, place.File)
		}
		lines[place.Line] = append(lines[place.Line], run{fn: fn, from: i, to: i + 1, base: i - k, function: place.Function})
		at = &lines[place.Line][len(lines[place.Line])-1]
	}
}

// samePlace says whether two places are of the same line, inlined by the same calls.
func samePlace(a, b *debuginfo.Place) bool {
	return a.Line == b.Line && a.File == b.File && a.Function == b.Function && slices.Equal(a.Inlined, b.Inlined)
}

// Files are the source files that the program has instructions of, as the object
// names them.
func (p *Program) Files() []string { return p.files }

// Resolve is where the compiler saw a file.
func (p *Program) Resolve(file string) string {
	for _, runs := range p.lines[file] {
		return p.c.Info.Resolve(runs[0].fn, file)
	}
	return file
}

// Find is a file by the object's name, by its path, or by the end of its path if only one
// file has it. "" if there is none.
func (p *Program) Find(file string) string {
	if p.lines[file] != nil {
		return file
	}
	clean := filepath.Clean(file)
	var found []string
	for _, f := range p.files {
		path := filepath.Clean(p.Resolve(f))
		if path == clean || samePath(path, clean) {
			return f
		}
		if strings.HasSuffix(path, "/"+clean) || strings.HasSuffix(clean, "/"+filepath.Clean(f)) {
			found = append(found, f)
		}
	}
	if len(found) == 1 {
		return found[0]
	}
	return ""
}

// samePath says whether two paths lead to one file.
func samePath(a, b string) bool {
	if !filepath.IsAbs(b) || filepath.Base(a) != filepath.Base(b) {
		return false
	}
	x, err1 := filepath.EvalSymlinks(a)
	y, err2 := filepath.EvalSymlinks(b)
	return err1 == nil && err2 == nil && x == y
}

// Lines are the lines of a file that the verifier came by, in order.
func (p *Program) Lines(file string) []int {
	var out []int
	for l := range p.lines[p.Find(file)] {
		out = append(out, l)
	}
	sort.Ints(out)
	return out
}
