package rules

import (
	"fmt"
	"math"
	"regexp"
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/sourcetext"
	"github.com/bpfdiag/bpfdiag/verifierlog"
)

// term is a sum in the source of a variable and a constant: `n - 2`,
// `offsetof(struct event, name) + len`. Where it is out of bounds, the variable is
// what a person checks.
type term struct {
	name string
	plus int64
}

// term reads a sum whose value a place has. What a constant other than a literal is,
// the instruction that adds it tells.
func (c *Case) term(e expression, step int, l verifierlog.Loc) (t term, ok bool) {
	if e.node == nil || e.node.Kind != sourcetext.Binary || e.node.Operator != "+" && e.node.Operator != "-" {
		return t, false
	}
	left, right := e.operand(0), e.operand(1)
	if e.node.Operator == "+" && !isName(left.text()) {
		left, right = right, left
	}
	if !isName(left.text()) || isName(right.text()) {
		return t, false
	}
	t.name = left.text()
	if n, literal := literalOf(right.text()); literal {
		t.plus = n
		if e.node.Operator == "-" {
			t.plus = -n
		}
		return t, true
	}
	k := c.made(step, l)
	if s := c.Path.Step(k.Step); k.Kind == verifierlog.LinkArith && len(k.From) == 1 && s.HasImm && s.Operator == "+=" {
		t.plus = s.Imm
		return t, true
	}
	return t, false
}

// summand is the name of a number, or, where it is a sum, of the variable in it.
func (c *Case) summand(name string, e expression, step int, l verifierlog.Loc) string {
	if t, ok := c.term(e, step, l); ok && name == "" {
		return t.name
	}
	return name
}

// outside is the condition under which the sum, of which v is known, is not from
// 0 to most.
func (t term) outside(v verifierlog.Value, most int64) string {
	var parts []string
	if v.Bounds.Smin < 0 {
		parts = append(parts, fmt.Sprintf("%s < %d", t.name, max(-t.plus, 0)))
	}
	if v.Bounds.Smax > most {
		parts = append(parts, fmt.Sprintf("%s > %d", t.name, most-t.plus))
	}
	return strings.Join(parts, " || ")
}

// widen is the help for an `int` of which the compiler checks the lower half and
// extends the sign of another copy: a type of 64 bits has one value only.
func (c *Case) widen(step int, l verifierlog.Loc, name string) (h diag.Help, ok bool) {
	extended := false
	for _, k := range c.Path.Chain(step, l) {
		s := c.Path.Step(k.Step)
		extended = extended || k.Kind == verifierlog.LinkExtend || k.Kind == verifierlog.LinkArith && s.HasImm &&
			(s.Operator == "s>>=" && s.Imm == 32 || s.Operator == "&=" && s.Imm == math.MaxInt32) // of what is not negative, the sign is cut off
	}
	at, file, found := c.source(c.Path.Insn(step))
	p, _ := c.place(c.Path.Insn(step))
	if _, whole := c.files[p.File]; !extended || !found || !whole || !isName(name) {
		return h, false
	}
	h = diag.Help{Text: "declare " + quote(name) + " as `long`: then there is nothing to extend, and one value is checked and used", Applicability: diag.Placeholder}
	body := file.Text(at.Function.Body)
	m := regexp.MustCompile(`\n[ \t]*(int)[ \t]+`+regexp.QuoteMeta(name)+`[ \t]*(?:;|=[^,;]*(?:\([^;]*\))?;)`).FindAllStringSubmatchIndex(body, -1)
	if len(m) == 1 {
		begin := at.Function.Body.Start
		h.Edits = []diag.Edit{editOf(p.File, file.Position, begin+m[0][2], begin+m[0][3], "long")}
		h.Applicability = diag.Likely
	}
	return h, true
}

// endLoop is the edit of a loop whose condition accesses memory at an index: the loop
// ends in front of the access that would be outside.
func (c *Case) endLoop(access expression, name string, limit int64) (h diag.Help, ok bool) {
	if access.node == nil || access.loose || !isName(name) || limit <= 0 {
		return h, false
	}
	at, _, found := c.source(access.insn)
	p, _ := c.place(access.insn)
	if _, whole := c.files[p.File]; !found || !whole || at.Stmt == nil || at.Stmt.Kind != sourcetext.LoopStmt || !at.InHead {
		return h, false
	}
	for _, e := range at.Stmt.Exprs {
		if !inside(access.node.Span, e.Span) || e.Kind != sourcetext.Binary || e.Operator == "||" || e.Operator == "," {
			continue
		}
		return diag.Help{
			Text:          fmt.Sprintf("let the loop end when %s is %d", quote(name), limit),
			Applicability: diag.Likely,
			Edits:         []diag.Edit{editOf(p.File, access.file.Position, e.Start, e.Start, fmt.Sprintf("%s < %d && ", name, limit))},
		}, true
	}
	return h, false
}
