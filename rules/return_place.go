package rules

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/lazyregexp"
	"github.com/bpfdiag/bpfdiag/internal/sourcetext"
	"github.com/bpfdiag/bpfdiag/verifierlog"
)

// returned is a return statement of the source.
type returned struct {
	insn int // that tells the place
	name string
	file *sourcetext.File
	stmt *sourcetext.Stmt
	expr *sourcetext.Node // nil of "return;"
}

// text is what the statement returns, "" if nothing.
func (r *returned) text() string {
	if r.expr == nil {
		return ""
	}
	return r.file.Text(r.expr.Span)
}

// span is what the statement returns, or all of it where that is nothing.
func (r *returned) span() sourcetext.Span {
	if r.expr == nil {
		return r.stmt.Span
	}
	return r.expr.Span
}

// returnAt is the return statement that an instruction belongs to.
func (c *Case) returnAt(insn int) (r returned, ok bool) {
	at, file, ok := c.source(insn)
	if !ok {
		return r, false
	}
	p, _ := c.place(insn)
	for s := at.Stmt; s != nil; s = s.Parent {
		if s.Kind == sourcetext.ReturnStmt {
			return newReturned(insn, p.File, file, s), true
		}
	}
	return r, false
}

func newReturned(insn int, name string, file *sourcetext.File, s *sourcetext.Stmt) returned {
	r := returned{insn: insn, name: name, file: file, stmt: s}
	if len(s.Exprs) > 0 {
		r.expr = s.Exprs[0]
	}
	return r
}

var returnKeyword = lazyregexp.New(`\breturn\b`)

// returns lists the return statements of the source function that an
// instruction belongs to; nil without the source file.
func (c *Case) returns(insn int) (all []returned) {
	at, file, ok := c.source(insn)
	p, _ := c.place(insn)
	if _, whole := c.files[p.File]; !ok || !whole || at.Function.Body.End <= at.Function.Body.Start {
		return nil
	}
	body := file.Text(at.Function.Body)
	for _, m := range returnKeyword.FindAllStringIndex(body, -1) {
		line, column := file.Position(at.Function.Body.Start + m[0])
		r, ok := file.At(line, column)
		if ok && r.Stmt != nil && r.Stmt.Kind == sourcetext.ReturnStmt && r.Stmt.Start == at.Function.Body.Start+m[0] {
			all = append(all, newReturned(insn, p.File, file, r.Stmt))
		}
	}
	return all
}

// returnOf finds the statement by which the function that exits at a step
// returns the value v: the one the exit belongs to, or the one that the value
// was made for, or the only one that can be. The compiler gives a function one
// exit, which is at none of several return statements but at the last brace.
// Of statements that all return numbers it may be the one outside of lo to hi.
func (c *Case) returnOf(exit int, l verifierlog.Loc, v verifierlog.Value, lo, hi int64) (returned, bool) {
	insn := c.Path.Insn(exit)
	if r, ok := c.returnAt(insn); ok {
		return r, true
	}
	if k := c.madeInt(exit, l); k.Step >= 0 && c.Path.Step(k.Step).Frame == c.Path.Step(exit).Frame {
		if r, ok := c.returnAt(c.Path.Insn(k.Step)); ok && c.sameFunction(c.Path.Insn(k.Step), insn) {
			return r, true
		}
	}
	all := c.returns(insn)
	if len(all) == 1 {
		return all[0], true
	}
	r, ok := c.only(all, func(n int64, literal bool) bool {
		return !literal || v.Const && (n == v.Number || n == int64(int32(v.Number)))
	})
	if ok || v.Const {
		return r, ok
	}
	return c.only(all, func(n int64, literal bool) bool { return !literal || n < lo || n > hi })
}

// only finds the statement that fits, if there is one alone. It is asked with
// the number that a statement returns, if that is spelled in it.
func (c *Case) only(all []returned, fits func(n int64, literal bool) bool) (r returned, ok bool) {
	for i := range all {
		if n, literal := c.literal(&all[i]); fits(n, literal) {
			if ok {
				return returned{}, false
			}
			r, ok = all[i], true
		}
	}
	return r, ok
}

// sameFunction says whether two instructions are of one function of the source.
func (c *Case) sameFunction(a, b int) bool {
	p, ok := c.place(a)
	q, found := c.place(b)
	return ok && found && p.Function == q.Function && len(p.Inlined) == len(q.Inlined)
}

// literal is the number that a statement returns, if it spells one or the name
// of one that the file defines: `#define DENY 0`, `enum { DENY = 0 }`.
func (c *Case) literal(r *returned) (n int64, ok bool) {
	if n, ok = literalOf(r.text()); ok || r.expr == nil || r.expr.Kind != sourcetext.Name {
		return n, ok
	}
	name := regexp.QuoteMeta(r.text())
	m := regexp.MustCompile(`(?:[{,]\s*`+name+`\s*=|#\s*define\s+`+name+`)[ \t]+(\(?-?\w+\)?)[ \t]*(?:[,}\n]|/\*|//)`).FindAllStringSubmatch(c.files[r.name].text, -1)
	if len(m) != 1 {
		return 0, false
	}
	return literalOf(m[0][1])
}

// literalOf is the number that a text spells.
func literalOf(text string) (n int64, ok bool) {
	text = strings.Join(strings.Fields(text), "")
	for strings.HasPrefix(text, "(") && strings.HasSuffix(text, ")") {
		text = text[1 : len(text)-1]
	}
	n, err := strconv.ParseInt(strings.TrimRight(text, "uUlL"), 0, 64)
	return n, err == nil
}

// mark makes a span of the source the primary label, instead of the place of
// the instruction that the verifier stopped at.
func (c *Case) mark(d *diag.Diagnostic, insn int, file *sourcetext.File, span sourcetext.Span) {
	l, ok := c.label(insn, "")
	if !ok {
		return
	}
	l.Primary = true
	cover(&l, file, span)
	for i := range d.Labels {
		if d.Labels[i].Primary {
			l.Text = d.Labels[i].Text
			d.Labels[i] = l
			return
		}
	}
	d.Labels = append(d.Labels, l)
}

// replace makes the edit that puts other text in place of an expression.
func (c *Case) replace(r *returned, text string) (diag.Edit, bool) {
	if _, whole := c.files[r.name]; !whole || r.expr == nil {
		return diag.Edit{}, false
	}
	return editOf(r.name, r.file.Position, r.expr.Start, r.expr.End, text), true
}
