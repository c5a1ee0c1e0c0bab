package rules

import (
	"slices"
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/sourcetext"
	"github.com/bpfdiag/bpfdiag/verifierlog"
)

// leaveHere is how whoever has written the function would leave what an instruction's
// statement belongs to, where that is known better than what leave says. keeps says that
// what is held stays held: it is given back further on.
//
// Out of a loop that other conditions end with `break`, or behind which the function goes
// on, `break` leads: what was done until then is not lost. In front of an if that asks
// whether bytes are what they should be, and behind which the function returns, the
// value of that return is meant: bytes that are not there are not those.
func (c *Case) leaveHere(insn, except int) (stmt string, how diag.Applicability, keeps, ok bool) {
	e, ok := c.editor(insn)
	if !ok || e.at.Stmt == nil {
		return "", "", false, false
	}
	if loop := e.loopAround(e.at.Stmt); loop != nil && !c.heldSince(loop, except) {
		if jump := e.wayOut(loop); jump != "" {
			return jump, diag.Likely, true, true
		}
	}
	if value := e.otherwise(e.at.Stmt); value != "" && e.at.InHead {
		if stmt, how := c.leave(insn); strings.HasPrefix(stmt, "return ") && how != diag.Placeholder {
			return "return " + value + ";", how, false, true
		}
	}
	return "", "", false, false
}

// loopAround is the loop that a `break` in front of a statement would end.
func (e *editor) loopAround(s *sourcetext.Stmt) *sourcetext.Stmt {
	for p := s.Parent; p != nil; p = p.Parent {
		switch p.Kind {
		case sourcetext.LoopStmt:
			return p
		case sourcetext.SwitchStmt:
			return nil
		}
	}
	return nil
}

// wayOut is `break;` where a loop is left so already, or where leaving the function would
// lose what is done behind the loop; empty where the function is left from the loop.
func (e *editor) wayOut(loop *sourcetext.Stmt) string {
	breaks, returns := false, false
	eachStatement(loop.Body, func(s *sourcetext.Stmt) {
		switch text := e.file.Text(s.Span); {
		case s.Kind == sourcetext.ReturnStmt:
			returns = true
		case s.Kind == sourcetext.JumpStmt && strings.HasPrefix(text, "break") && e.loopAround(s) == loop:
			breaks = true
		}
	})
	if breaks {
		return "break;"
	}
	if next := e.next(loop); returns || loop.Parent != nil || next == nil || next.Kind == sourcetext.ReturnStmt {
		return ""
	}
	return "break;"
}

// next is the statement behind another one in its block; nil at the block's end.
func (e *editor) next(s *sourcetext.Stmt) *sourcetext.Stmt {
	block := e.file.Statements(e.function)
	if s.Parent != nil {
		block = s.Parent.Body
	}
	i := slices.Index(block, s)
	if i < 0 || i+1 == len(block) {
		return nil
	}
	return block[i+1]
}

// otherwise is what the function returns where an if that compares for equality
// only finds none of it; empty if it goes on.
func (e *editor) otherwise(s *sourcetext.Stmt) string {
	if s.Kind != sourcetext.IfStmt || s.Bare || !e.harmless(s) || len(s.Exprs) != 1 || len(s.Body) == 0 || s.Body[len(s.Body)-1].Kind != sourcetext.ReturnStmt {
		return ""
	}
	equal := false
	for _, op := range []string{"!", "<", ">"} {
		if strings.Contains(strings.ReplaceAll(e.file.Text(s.Head), "->", ""), op) {
			return ""
		}
	}
	walk(s.Exprs[0], func(n *sourcetext.Node) { equal = equal || n.Operator == "==" })
	next := e.next(s)
	if !equal || next == nil || next.Kind != sourcetext.ReturnStmt || len(next.Exprs) != 1 {
		return ""
	}
	if k := next.Exprs[0].Kind; k != sourcetext.Name && k != sourcetext.Literal {
		return ""
	}
	return e.file.Text(next.Exprs[0].Span)
}

// heldSince says whether something is held that was acquired inside a loop, other than
// at the step except.
func (c *Case) heldSince(loop *sourcetext.Stmt, except int) bool {
	return slices.ContainsFunc(c.Path.Open(c.last), func(r verifierlog.Resource) bool {
		if except >= 0 && r.Acquired == except {
			return false
		}
		at, _, ok := c.source(c.Path.Insn(max(r.Acquired, 0)))
		return !ok || at.Stmt == nil || at.Stmt.Start >= loop.Start && at.Stmt.End <= loop.End
	})
}
