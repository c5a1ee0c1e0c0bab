package rules

import (
	"maps"
	"slices"
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/sourcetext"
	"github.com/bpfdiag/bpfdiag/verifierlog"
)

// Work says where a profile's instructions are in the source of a case, which
// needs no log: by functions, the loops in them, the lines in those. What stands
// in an inlined function counts for the loops around the call.
func Work(c Case, p *verifierlog.Profile) *diag.Work {
	c.Cache = c.Cache.ready()
	w := worker{c: &c, p: p, loops: map[loopKey]*loopWork{}, functions: map[int]*workNode{}}
	w.findLoops()
	root := workNode{}
	for i := range p.Insns {
		w.count(&p.Insns[i])
	}
	w.nest(&root)
	out := &diag.Work{Insns: p.Visits, Paths: p.Paths, Pruned: p.Pruned, Parts: root.finish().Parts}
	out.Sort()
	return out
}

// worker builds the tree of a program's work.
type worker struct {
	c         *Case
	p         *verifierlog.Profile
	loops     map[loopKey]*loopWork
	bare      []verifierlog.LoopVisits // loops that no loop of the source is known of, outer ones first
	functions map[int]*workNode        // by first instruction
	leaves    map[int]*workNode        // lines by instruction, of calls
}

// loopKey names a loop of the source, or of instructions if head is not 0.
type loopKey struct {
	file        string
	start, head int
}

// loopWork is a loop of the source: gone through in passes, or written down
// by the compiler as copies; neither counts as a loop.
type loopWork struct {
	passes, copies int
	code           map[codeAt]int // number of instructions
}

// codeAt is a kind of instruction at a position.
type codeAt struct {
	line, column int
	opcode       uint8
}

// chain lists the loops of the source around an instruction, the outermost
// first, with the position in each that leads to the instruction.
func (w *worker) chain(insn int) (chain []sourceLoop) {
	p, ok := w.c.place(insn)
	if !ok {
		return nil
	}
	add := func(name string, line, column int) {
		file := w.c.files[name].File
		if file == nil {
			return
		}
		at, found := file.At(line, column)
		if !found {
			return
		}
		n := len(chain)
		for s := at.Stmt; s != nil; s = s.Parent {
			if s.Kind == sourcetext.LoopStmt && s.Head.End > s.Head.Start {
				chain = slices.Insert(chain, n, sourceLoop{insn, name, file, s})
			}
		}
	}
	for i := len(p.Inlined) - 1; i >= 0; i-- {
		if in := p.Inlined[i]; in.Line > 0 {
			add(in.File, in.Line, in.Column)
		}
	}
	if p.Line > 0 {
		add(p.File, p.Line, p.Column)
	}
	return chain
}

func (l *sourceLoop) key() loopKey { return loopKey{file: l.name, start: l.stmt.Start} }

// findLoops finds out which loops of the source were gone through, and which
// were unrolled.
func (w *worker) findLoops() {
	for _, v := range w.p.Insns { // so that each file is known from here on, or is not
		if p, ok := w.c.place(v.Insn); ok && p.Line > 0 {
			w.c.file(p.File, p.Line, p.Text)
		}
	}
	for _, v := range w.p.Insns {
		p, _ := w.c.place(v.Insn)
		for _, l := range w.chain(v.Insn) {
			k := l.key()
			if w.loops[k] == nil {
				w.loops[k] = &loopWork{code: map[codeAt]int{}}
			}
			if fn, i, ok := w.c.function(v.Insn); ok {
				w.loops[k].code[codeAt{p.Line, p.Column, fn.Insns[i].Code}]++
			}
		}
	}
	for _, l := range w.p.Loops {
		if l.Passes < 2 {
			continue
		}
		if loop, ok := w.c.loopOf(l.Head, l.Back); ok {
			if found := w.loops[loop.key()]; found != nil && w.c.files[loop.name].File != nil {
				found.passes += l.Passes
				continue
			}
		}
		w.bare = append(w.bare, l)
	}
	slices.SortStableFunc(w.bare, func(a, b verifierlog.LoopVisits) int { return (b.Back - b.Head) - (a.Back - a.Head) })
	for _, l := range w.loops {
		l.copies = l.unrolled()
	}
}

// unrolled is how many copies of a loop's body there are: as many as most of its
// instructions have.
func (l *loopWork) unrolled() int {
	insns := map[int]int{} // by number of copies
	best := 0
	for _, n := range l.code {
		insns[n] += n
	}
	for copies, n := range insns {
		if n > insns[best] || n == insns[best] && copies < best {
			best = copies
		}
	}
	return best
}

// count adds an instruction to its line.
func (w *worker) count(v *verifierlog.InsnVisits) {
	n := w.function(v.Insn)
	for _, l := range w.chain(v.Insn) {
		work := w.loops[l.key()]
		kind, times := diag.WorkLoop, work.passes
		if times == 0 {
			kind, times = diag.WorkUnrolled, work.copies
		}
		if times < 2 {
			continue
		}
		line, _ := l.file.Position(l.stmt.Head.Start)
		head := strings.Join(strings.Fields(l.file.Text(l.stmt.Head)), " ")
		n = n.kid(l.key(), diag.WorkPart{Kind: kind, File: l.name, Line: line, Source: head, Times: times})
	}
	for i := range w.bare {
		if l := &w.bare[i]; v.Insn >= l.Head && v.Insn <= l.Back {
			part := w.line(headLine(w.p, *l))
			part.Kind, part.Times = diag.WorkLoop, l.Passes
			n = n.kid(loopKey{head: l.Head + 1}, part)
		}
	}
	part := w.line(v.Insn)
	leaf := n.kid(loopKey{file: part.File, start: -1 - part.Line}, part)
	leaf.Times = max(leaf.Times, v.Visits)
	leaf.Insns += v.Visits
	leaf.Code++
	if i, ok := slices.BinarySearchFunc(w.p.Jumps, v.Insn, func(j verifierlog.JumpVisits, insn int) int { return j.Insn - insn }); ok {
		leaf.Paths += w.p.Jumps[i].Taken
	}
	leaf.Pruned += v.Pruned
	if slices.ContainsFunc(w.p.Calls, func(c verifierlog.CallVisits) bool { return c.Insn == v.Insn }) {
		if w.leaves == nil {
			w.leaves = map[int]*workNode{}
		}
		w.leaves[v.Insn] = leaf
	}
}

// line is the source line of an instruction.
func (w *worker) line(insn int) diag.WorkPart {
	part := diag.WorkPart{Kind: diag.WorkLine}
	if p, ok := w.c.place(insn); ok && p.Line > 0 {
		part.File, part.Line, part.Function, part.Source = p.File, p.Line, p.Function, strings.TrimSpace(p.Text)
		return part
	}
	i, _ := slices.BinarySearchFunc(w.p.Insns, insn, func(v verifierlog.InsnVisits, insn int) int { return v.Insn - insn })
	if i < len(w.p.Insns) {
		s := w.p.Insns[i].Source
		part.File, part.Line, part.Source = s.File, s.Line, s.Text
	}
	return part
}

// function is the part of the function that an instruction is of.
func (w *worker) function(insn int) *workNode {
	start := w.p.Function(insn)
	fn, i, known := w.c.function(insn)
	if known {
		start = insn - i
	}
	n := w.functions[start]
	if n == nil {
		part := diag.WorkPart{Kind: diag.WorkFunction}
		if known {
			part.Function = fn.Name
			if p, ok := w.c.place(start); ok && len(p.Inlined) == 0 {
				part.File, part.Line = p.File, p.Line
			}
		}
		n = &workNode{WorkPart: part}
		w.functions[start] = n
	}
	return n
}

// nest puts functions that are called at one place only there, and the others,
// as well as the program itself, at the root.
func (w *worker) nest(root *workNode) {
	sites := map[int][]verifierlog.CallVisits{} // by callee
	for _, c := range w.p.Calls {
		sites[c.Callee] = append(sites[c.Callee], c)
	}
	for _, start := range slices.Sorted(maps.Keys(w.functions)) {
		n, at := w.functions[start], sites[start]
		for _, c := range at {
			if leaf := w.leaves[c.Insn]; leaf != nil && leaf.Line > 0 && !slices.Contains(n.CalledAt, leaf.Line) {
				n.CalledAt = append(n.CalledAt, leaf.Line)
			}
		}
		slices.Sort(n.CalledAt)
		if len(at) == 1 && w.leaves[at[0].Insn] != nil && !w.above(n, at[0].Insn, sites) {
			n.Times = at[0].Calls
			leaf := w.leaves[at[0].Insn]
			leaf.parent.kids = append(leaf.parent.kids, n)
			continue
		}
		for _, c := range at {
			n.Times += c.Calls
			if leaf := w.leaves[c.Insn]; leaf != nil {
				leaf.Calls = append(leaf.Calls, diag.WorkCall{Function: n.Function, Times: c.Calls, Insns: c.Visits})
			}
		}
		root.kids = append(root.kids, n)
	}
}

// above says whether an instruction is in what a function would hold, as no
// valid program has it.
func (w *worker) above(n *workNode, site int, sites map[int][]verifierlog.CallVisits) bool {
	for range len(w.functions) {
		start := w.p.Function(site)
		if w.functions[start] == n {
			return true
		}
		at := sites[start]
		if len(at) != 1 {
			return false
		}
		site = at[0].Insn
	}
	return true
}

// workNode is a part that is being built.
type workNode struct {
	diag.WorkPart
	parent *workNode
	kids   []*workNode
	index  map[loopKey]*workNode
}

func (n *workNode) kid(k loopKey, part diag.WorkPart) *workNode {
	kid := n.index[k]
	if kid == nil {
		if n.index == nil {
			n.index = map[loopKey]*workNode{}
		}
		kid = &workNode{WorkPart: part, parent: n}
		n.index[k] = kid
		n.kids = append(n.kids, kid)
	}
	return kid
}

// finish adds up what is in a part.
func (n *workNode) finish() diag.WorkPart {
	for _, kid := range n.kids {
		part := kid.finish()
		n.Insns, n.Code, n.Paths, n.Pruned = n.Insns+part.Insns, n.Code+part.Code, n.Paths+part.Paths, n.Pruned+part.Pruned
		n.Parts = append(n.Parts, part)
	}
	return n.WorkPart
}
