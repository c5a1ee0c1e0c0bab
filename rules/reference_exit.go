package rules

import (
	"strings"

	"github.com/bpfdiag/bpfdiag/internal/lazyregexp"
	"github.com/bpfdiag/bpfdiag/internal/sourcetext"
	"github.com/bpfdiag/bpfdiag/verifierlog"
)

// leaving finds the statement by which a path leaves a function. The compiler
// makes one exit instruction of all of a function's returns and gives it the
// place of the last, so the instruction alone tells nothing.
type leaving struct {
	editor
	insn     int // the exit
	after    int // step: what stands in front of its place is not asked about
	resource int // id of what is held: checks of it against NULL are decided
	steps    []visit
}

// visit is a step of the path in the function's text.
type visit struct{ step, at int }

// wayOut is a return or goto, and whether the path took it.
type wayOut struct {
	stmt   *sourcetext.Stmt
	branch *sourcetext.Stmt // the innermost if around it, nil without
	taken  verdict
	null   bool // passed, because what is held is not NULL
}

type verdict uint8

const (
	perhaps verdict = iota
	taken
	passed
)

// leaving prepares the question for the exit that the path ends with. ok is
// false without the whole source file, and in Rust.
func (c *Case) leaving(since verifierlog.Resource) (l leaving, ok bool) {
	insn := c.Path.Insn(c.last)
	e, ok := c.editor(insn)
	if !ok {
		return l, false
	}
	l = leaving{editor: e, insn: insn, after: since.Acquired, resource: since.ID}
	frame := c.Path.Step(c.last).Frame
	for step := max(since.Acquired, 0); step < c.last; step++ {
		if c.Path.Step(step).Frame != frame {
			continue
		}
		q, ok := c.place(c.Path.Insn(step))
		if !ok || q.File != e.name || q.Column == 0 || !c.ownPlace(step) {
			continue
		}
		if off, ok := e.file.Offset(q.Line, q.Column); ok && inside(sourcetext.Span{Start: off, End: off}, l.function.Body) {
			l.steps = append(l.steps, visit{step, off})
		}
	}
	return l, true
}

var returnWord = lazyregexp.New(`\b(return|goto)\b`)

// returns are the statements that leave the function behind where the path
// came in, with what is known of each.
func (l *leaving) returns() []wayOut {
	begin := l.function.Body.Start
	if len(l.steps) > 0 && l.steps[0].step == l.after {
		begin = l.steps[0].at
	}
	var all []wayOut
	for _, m := range returnWord.FindAllStringIndex(l.text[min(begin, len(l.text)):min(l.function.Body.End, len(l.text))], -1) {
		line, column := l.file.Position(begin + m[0])
		at, ok := l.file.At(line, column)
		if !ok || at.Stmt == nil || at.Stmt.Start != begin+m[0] {
			continue // in a comment, a string, a macro
		}
		r := wayOut{stmt: at.Stmt}
		for s := at.Stmt.Parent; s != nil; s = s.Parent {
			if s.Kind == sourcetext.IfStmt {
				r.branch = s
				break
			}
			if s.Kind == sourcetext.LoopStmt || s.Kind == sourcetext.SwitchStmt {
				break
			}
		}
		r.taken = l.took(r)
		r.null = r.taken == passed && l.nullBranch(r.branch)
		all = append(all, r)
	}
	return all
}

// took says whether the path went into the branch that a return is in.
func (l *leaving) took(r wayOut) verdict {
	if r.branch == nil {
		return perhaps
	}
	otherwise := strings.Contains(l.text[r.branch.Head.End:r.stmt.Start], "else")
	decided, visited := -1, false
	for i, v := range l.steps {
		if v.at >= r.branch.Head.Start && v.at < r.branch.Head.End {
			decided, visited = i, true
		}
	}
	if !visited {
		return perhaps
	}
	for _, v := range l.steps[decided+1:] {
		in := l.c.Path.Step(v.step).Insn
		result := in.Op == verifierlog.OpMov && in.Dst == 0 // may be that of a return anywhere
		switch {
		case v.at >= r.stmt.Start && v.at < r.stmt.End && !result:
			return taken
		case v.at >= r.branch.End && !result:
			return passed
		}
	}
	if yes, known := l.null(r.branch, l.steps[decided].step); known {
		if yes != otherwise {
			return taken
		}
		return passed
	}
	if !otherwise && l.callBehind(r.branch.End) {
		return taken // else the path had come to that call, or a branch in front of it
	}
	return perhaps
}

// null says whether the condition of a branch that compares what is held with
// NULL is true: it is not NULL, or it would not be held.
func (l *leaving) null(branch *sourcetext.Stmt, step int) (yes, known bool) {
	s := l.c.Path.Step(step)
	if l.resource == 0 || s.Op != verifierlog.OpJump || !s.HasImm || s.Imm != 0 || len(branch.Exprs) != 1 {
		return false, false
	}
	v, ok := l.c.Path.Before(step, verifierlog.Reg(s.Frame, s.Dst))
	if !ok || v.RefID != l.resource && v.ID != l.resource {
		return false, false
	}
	switch e := branch.Exprs[0]; {
	case e.Kind == sourcetext.Unary && e.Operator == "!", e.Kind == sourcetext.Binary && e.Operator == "==":
		return false, true
	case e.Kind == sourcetext.Name, e.Kind == sourcetext.Binary && e.Operator == "!=", e.Kind == sourcetext.Member:
		return true, true
	}
	return false, false
}

// nullBranch says whether a branch is one for what is held being NULL.
func (l *leaving) nullBranch(branch *sourcetext.Stmt) bool {
	for _, v := range l.steps {
		if branch != nil && v.at >= branch.Head.Start && v.at < branch.Head.End {
			if _, known := l.null(branch, v.step); known {
				return true
			}
		}
	}
	return false
}

// callBehind says whether the program has a call behind a place of the
// function, at its outermost level.
func (l *leaving) callBehind(at int) bool {
	fn, _, ok := l.c.function(l.insn)
	if !ok {
		return false
	}
	for i := range fn.Insns {
		if fn.Insns[i].Code != 0x85 { // BPF_JMP | BPF_CALL
			continue
		}
		p, ok := l.c.debug().Place(fn, i)
		if !ok || p.File != l.name || p.Column == 0 {
			continue
		}
		off, ok := l.file.Offset(p.Line, p.Column)
		if !ok || off < at || off >= l.function.Body.End {
			continue
		}
		if place, ok := l.file.At(p.Line, p.Column); ok && place.Stmt != nil && place.Stmt.Parent == nil {
			return true
		}
	}
	return false
}

// fallsOff says whether the path came to the end of a function that returns nothing.
func (l *leaving) fallsOff() bool {
	if !l.c.returnsNothing(l.insn) {
		return false
	}
	for _, r := range l.returns() {
		if r.taken != passed && !l.nullBranch(r.branch) {
			return false
		}
	}
	return true
}

// exit is the return or goto that the path left by while it held what name
// has; nil where several are possible.
func (l *leaving) exit(name string) *wayOut {
	var only *wayOut
	n := 0
	all := l.returns()
	for i := range all {
		r := &all[i]
		switch r.taken {
		case taken:
			return r
		case perhaps:
			if l.ifNull(r.branch, name) {
				continue // nothing to release there
			}
			only = r
			n++
		}
	}
	if n != 1 {
		return nil
	}
	return only
}
