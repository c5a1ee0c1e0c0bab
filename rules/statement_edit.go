package rules

import (
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/sourcetext"
)

// removeCall deletes the statement that is the call of a step and nothing else.
func (c *Case) removeCall(step int) []diag.Edit {
	e, ok := c.editor(c.Path.Insn(step))
	call := c.sourceCall(step)
	if !ok || call.node == nil || call.loose {
		return nil
	}
	s := e.statement(call.node)
	if !alone(s, call.expression) {
		return nil
	}
	return e.remove(s)
}

// always has the function do what it does under a condition only: a call of
// functions that match is all that an if without else does.
func (c *Case) always(match func(fn string) bool) (edits []diag.Edit) {
	e, ok := c.editor(c.Path.Insn(c.last))
	if !ok {
		return nil
	}
	found := 0
	e.calls(match, func(s *sourcetext.Stmt, call expression) {
		found++
		b := s.Parent
		if b == nil || b.Kind != sourcetext.IfStmt || len(b.Body) != 1 || !e.harmless(b) {
			return
		}
		edits = []diag.Edit{e.replace(b.Span, e.text[s.Start:s.End])}
	})
	if found != 1 {
		return nil
	}
	return edits
}

// moveBefore moves the statement of an instruction in front of that of a step, if
// both stand in one block, what is between does not set what it reads, and
// it has no effect that those could see.
func (c *Case) moveBefore(insn, step int) []diag.Edit {
	e, ok := c.editor(insn)
	to, _, found := c.source(c.Path.Insn(step))
	if !ok || !found || e.at.Stmt == nil || to.Stmt == nil || to.Function.Body != e.function.Body {
		return nil
	}
	s, before := e.at.Stmt, to.Stmt
	if s.Kind != sourcetext.ExprStmt || s.Parent != before.Parent || s.Bare || before.Bare || s.Start <= before.Start || len(s.Exprs) != 1 || s.Exprs[0].Kind != sourcetext.Assign {
		return nil
	}
	// The names of the statement must mean the same there.
	between := e.text[before.Start:s.Start]
	apart := true
	e.statements(func(o *sourcetext.Stmt) {
		if o.Start < before.Start || o.Start >= s.Start {
			return
		}
		if o.Kind == sourcetext.DeclStmt || o.Kind == sourcetext.LabelStmt || o.Kind == sourcetext.LoopStmt {
			apart = false
		}
		for _, n := range o.Exprs {
			walk(n, func(n *sourcetext.Node) {
				if n.Kind == sourcetext.Assign || n.Kind == sourcetext.Postfix {
					apart = apart && !hasWord(e.text[s.Start:s.End], leftmost(e.file, n))
				}
			})
		}
	})
	if !apart || strings.Count(between, "\n") > 20 {
		return nil
	}
	indent := e.file.Indent(before.Start)
	return []diag.Edit{
		e.insert(before.Start, e.text[s.Start:s.End]+"\n"+indent),
		e.replace(e.lines(s.Span), ""),
	}
}

// releaseBehind moves the call of a step, which released something, behind the last
// statement of its block that has a name, from where the path ends on.
func (c *Case) releaseBehind(step int, name string) []diag.Edit {
	e, ok := c.editor(c.Path.Insn(c.last))
	call := c.sourceCall(step)
	if !ok || call.node == nil || call.loose || !c.oneFunction(step, c.last) {
		return nil
	}
	release, last := e.statement(call.node), e.at.Stmt
	if !alone(release, call.expression) || release.Bare {
		return nil
	}
	for last != nil && last.Parent != release.Parent {
		last = last.Parent
	}
	if last == nil || last.Start < release.End {
		return nil
	}
	e.statements(func(s *sourcetext.Stmt) {
		if s.Parent == release.Parent && s.Start > last.Start && hasWord(e.text[s.Start:s.End], name) {
			last = s
		}
	})
	if returnWord.MatchString(e.text[release.End:last.End]) {
		return nil // would leave without
	}
	return append([]diag.Edit{e.replace(e.lines(release.Span), "")}, e.behind(last, e.text[release.Start:release.End])...)
}

// leftmost is the name that an expression begins with.
func leftmost(file *sourcetext.File, n *sourcetext.Node) string {
	for len(n.Operands) > 0 {
		n = n.Operands[0]
	}
	return file.Text(n.Span)
}

// behindNext moves the statement of the instruction that the path ends with, a call,
// behind the next one, if that is a call of a function and nothing else.
func (c *Case) behindNext(fn string) []diag.Edit {
	e, ok := c.editor(c.Path.Insn(c.last))
	if !ok || fn == "" || e.at.Stmt == nil || e.at.Stmt.Kind != sourcetext.ExprStmt || e.at.Stmt.Bare {
		return nil
	}
	next := e.next(e.at.Stmt)
	if next == nil || next.Kind != sourcetext.ExprStmt || len(next.Exprs) != 1 || next.Exprs[0].Kind != sourcetext.Call ||
		e.file.Text(next.Exprs[0].Operands[0].Span) != fn {
		return nil
	}
	return append([]diag.Edit{e.replace(e.lines(e.at.Stmt.Span), "")}, e.behind(next, e.text[e.at.Stmt.Start:e.at.Stmt.End])...)
}
