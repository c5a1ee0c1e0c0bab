package stat

import (
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
)

// TopLines is the grid of the n source lines on which the verifier spent most
// instructions.
func TopLines(w *diag.Work, n int) *Grid {
	g := workGrid(w)
	lines := w.Lines()
	for i := range lines[:min(n, len(lines))] {
		g.addPart(w, &lines[i], source(&lines[i]))
	}
	return g
}

// minShare is the part of the whole from which on a part of a program has a row
// of its own in a tree, in per cent.
const minShare = 1

// Hot is the grid of a program's functions, of the loops in them and the lines in
// those, most work first. What is little is summed up.
func Hot(w *diag.Work) *Grid {
	g := workGrid(w)
	var add func(parts []diag.WorkPart, depth int)
	add = func(parts []diag.WorkPart, depth int) {
		indent := strings.Repeat("  ", depth)
		var rest diag.WorkPart
		few := 0
		for i := range parts {
			p := &parts[i]
			if 100*p.Insns < minShare*w.Insns {
				few++
				rest.Insns, rest.Paths, rest.Pruned = rest.Insns+p.Insns, rest.Paths+p.Paths, rest.Pruned+p.Pruned
				continue
			}
			if p.Kind == diag.WorkFunction && len(parts) == 1 && depth == 0 && p.Times == 0 {
				add(p.Parts, depth) // the program itself, which the title names
				continue
			}
			g.addPart(w, p, indent+source(p))
			if one := p.Parts; len(one) == 1 && one[0].Kind == diag.WorkLine && one[0].File == p.File && one[0].Line == p.Line {
				continue // a loop in one line
			}
			add(p.Parts, depth+1)
		}
		if few > 0 {
			g.addPart(w, &rest, indent+fmt.Sprintf("… %d with less than %d %% each", few, minShare))
		}
	}
	add(w.Parts, 0)
	return g
}

// Folder is where most of a program's work is, if files have whole paths; "" if
// they have not. Rows have the names of files below it only.
func Folder(w *diag.Work) string {
	insns := map[string]int{}
	best := ""
	for _, l := range w.Lines() {
		if !filepath.IsAbs(l.File) {
			continue
		}
		dir := filepath.Dir(l.File)
		if insns[dir] += l.Insns; insns[dir] > insns[best] {
			best = dir
		}
	}
	return best
}

func workGrid(w *diag.Work) *Grid {
	g := &Grid{ragged: true, folder: Folder(w)}
	for _, h := range [...]string{"Share", "Insns", "Times", "Paths", "Pruned", "Line", "Source"} {
		g.heads = append(g.heads, head{title: h, left: h == "Line" || h == "Source"})
	}
	return g
}

func (g *Grid) addPart(w *diag.Work, p *diag.WorkPart, source string) {
	g.rows = append(g.rows, []cell{
		{share(p.Insns, w.Insns), false}, {strconv.Itoa(p.Insns), false}, {number(p.Times), false},
		{number(p.Paths), false}, {number(p.Pruned), false}, {g.place(p), true}, {source, true},
	})
}

// number leaves out zeros, so that what there is stands out.
func number(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

func share(part, whole int) string {
	switch {
	case whole <= 0:
		return ""
	case 1000*part < whole:
		return "< 0.1 %"
	case 10*part < whole:
		return fmt.Sprintf("%.1f %%", 100*float64(part)/float64(whole))
	}
	return fmt.Sprintf("%d %%", 100*part/whole)
}

func (g *Grid) place(p *diag.WorkPart) string {
	if p.Line == 0 {
		return ""
	}
	file := p.File
	if g.folder != "" {
		file = strings.TrimPrefix(file, g.folder+string(filepath.Separator))
	}
	return fmt.Sprintf("%s:%d", file, p.Line)
}

// source is what a row shows of a part: the line, and what is to be known of it.
func source(p *diag.WorkPart) string {
	s := strings.ReplaceAll(p.Source, "\t", " ")
	if s == "" && p.Line == 0 && p.Kind == diag.WorkLine {
		s = "(no line is known)"
	}
	switch p.Kind {
	case diag.WorkFunction:
		s = p.Function + "()"
		if p.Times > 0 {
			s += ", called " + times(p.Times)
		}
		if len(p.CalledAt) == 1 {
			s += fmt.Sprintf(" in line %d", p.CalledAt[0])
		}
	case diag.WorkLoop:
		s += fmt.Sprintf(" …  # loop, %d passes of %s insns", p.Times, mean(p.Insns, p.Times))
	case diag.WorkUnrolled:
		s += fmt.Sprintf(" …  # unrolled loop, %d copies of %s insns", p.Times, mean(p.Insns, p.Times))
	}
	for _, c := range byCallee(p.Calls) {
		s += fmt.Sprintf("  # calls %s() %s, %d insns", c.Function, times(c.Times), c.Insns)
	}
	return s
}

// byCallee sums up the calls of one function, which the compiler may have copied.
func byCallee(calls []diag.WorkCall) (sums []diag.WorkCall) {
	for _, c := range calls {
		i := slices.IndexFunc(sums, func(s diag.WorkCall) bool { return s.Function == c.Function })
		if i < 0 {
			sums = append(sums, c)
			continue
		}
		sums[i].Times, sums[i].Insns = sums[i].Times+c.Times, sums[i].Insns+c.Insns
	}
	return sums
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

func mean(sum, n int) string {
	return strconv.Itoa((sum + n/2) / max(n, 1))
}
