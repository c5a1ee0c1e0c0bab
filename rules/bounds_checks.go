package rules

import (
	"fmt"
	"math"
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/debuginfo"
	"github.com/bpfdiag/bpfdiag/internal/sourcetext"
	"github.com/bpfdiag/bpfdiag/verifierlog"
)

// tellIndex labels where the number comes from and the checks of it. lost is a
// check that bounds another copy only.
func (c *Case) tellIndex(d *diag.Diagnostic, x *index) (lost *verifierlog.Check, checked bool) {
	if !x.found {
		return nil, false
	}
	c.tellNumber(d, x.step, x.loc)
	return c.tellChecks(d, x.step, x.loc, x.name, x.typ)
}

// tellNumber labels where a number comes from, unless it is computed where the
// failure is: then where that comes from.
func (c *Case) tellNumber(d *diag.Diagnostic, step int, l verifierlog.Loc) {
	for range 8 {
		k := c.made(step, l)
		if k.Step < 0 {
			return
		}
		at, _ := c.label(c.Path.Insn(k.Step), "")
		arith := k.Kind == verifierlog.LinkArith || k.Kind == verifierlog.LinkMove32 || k.Kind == verifierlog.LinkExtend
		if arith && len(k.From) == 1 && (c.besidePrimary(d, at) || !c.computes(k.Step)) {
			step, l = k.Step, k.From[0]
			continue
		}
		if src, _, ok := c.source(c.Path.Insn(k.Step)); ok && src.Expr != nil && src.Expr.Kind == sourcetext.Name && (k.Kind == verifierlog.LinkRead || k.Kind == verifierlog.LinkWritten) {
			return // a local variable that is on the stack
		}
		if k.Kind == verifierlog.LinkLoad && (!c.reads(k.Step) || c.besidePrimary(d, at)) {
			return // the marked place says what it is
		}
		if text := c.numberMade(k); text != "" && !(arith && (c.besidePrimary(d, at) || !c.computes(k.Step))) {
			c.tell(d, k.Step, k.Loc, text)
		}
		return
	}
}

// computes says that the source computes at a step, as far as it is known: the
// compiler also extends and masks values where the source only names them.
func (c *Case) computes(step int) bool {
	at, _, ok := c.source(c.Path.Insn(step))
	if !ok || at.Expr == nil {
		return !ok && !c.orders(step)
	}
	switch at.Expr.Kind {
	case sourcetext.Binary:
		switch at.Expr.Operator {
		case "<", "<=", ">", ">=", "==", "!=", "&&", "||":
			return false
		}
		return true
	case sourcetext.Unary, sourcetext.Postfix, sourcetext.Assign, sourcetext.Declarator, sourcetext.Cast, sourcetext.Conditional:
		return true
	}
	return false
}

// reads says that what stands in the source at a step may be what is read there,
// and not a branch whose place the compiler gave to more than it.
func (c *Case) reads(step int) bool {
	at, _, ok := c.source(c.Path.Insn(step))
	if !ok || at.Expr == nil {
		return true
	}
	switch at.Expr.Kind {
	case sourcetext.Unary:
		return at.Expr.Operator == "*"
	case sourcetext.Binary:
		return false
	}
	return true
}

// besidePrimary says that a label is on the line of the failure.
func (c *Case) besidePrimary(d *diag.Diagnostic, at diag.Label) bool {
	for _, l := range d.Labels {
		if l.Primary && l.File == at.File && l.Line == at.Line {
			return true
		}
	}
	return false
}

// numberMade says how a number came into being and what it may be then.
func (c *Case) numberMade(k verifierlog.Link) string {
	v, ok := c.Path.After(k.Step, k.Loc)
	says := ""
	if ok {
		says = rangeOf(v)
	}
	if b := v.Bounds; v.Base == verifierlog.Scalar && !v.Const && b.Umin == 0 && b.Umax == math.MaxUint32 {
		// Also where the source computes an int or a __u16, of which other bits are cut off later.
		says = "any number of 32 bits"
	}
	switch k.Kind {
	case verifierlog.LinkConst:
		if says != "" {
			return says + " comes from here"
		}
	case verifierlog.LinkLoad, verifierlog.LinkRead, verifierlog.LinkWritten:
		if says == "" {
			return "read here: it may be any number"
		}
		return "read here: " + says
	case verifierlog.LinkResult:
		fn := quote(string(c.Path.Step(k.Step).Func))
		if fn == "``" {
			return "" // of a global function
		}
		if says == "" {
			return fn + " may return any number"
		}
		return fn + " returns " + says
	case verifierlog.LinkArith, verifierlog.LinkMove32, verifierlog.LinkExtend:
		if says == "" {
			return "computed here: it may be any number"
		}
		return "computed here: " + says
	}
	return c.made2text(k)
}

// tellChecks labels the checks of a number against constants that told the verifier
// something. lost is the last that told it of another copy only; checked says
// that there was one of the number itself.
func (c *Case) tellChecks(d *diag.Diagnostic, step int, l verifierlog.Loc, name string, typ *debuginfo.Type) (lost *verifierlog.Check, checked bool) {
	for _, k := range c.Path.Checks(step, l) {
		if !k.HasImm || !k.AfterKnown {
			continue
		}
		says := leaves(&k, typ)
		switch {
		case k.Relation == verifierlog.RelDerived || k.Relation == verifierlog.RelCommon || k.Narrowed && k.HasSubject && !k.SubjectNarrowed:
			if k.Narrowed && says != "" && k.After.Bounds.Umax < k.Before.Bounds.Umax {
				lost = &k
			}
		case k.Narrowed && says != "":
			checked = true
			c.tellCheck(d, &k, name, checkLeaves+says)
		}
	}
	return lost, checked
}

// checkLeaves begins what is said of a check. What it lets pass in the source may be
// more or less: the compiler compares with other numbers, or splits the path in two.
const checkLeaves = "for the verifier this leaves "

// leaves is the range that a check leaves: "0 to 63".
func leaves(k *verifierlog.Check, typ *debuginfo.Type) string {
	b := k.After.Bounds
	if !k.Wide && k.After.Base == verifierlog.Scalar && !k.After.Const && b.Umax == math.MaxUint32 && b.Umin == 0 {
		switch signed := typ == nil || typ.Underlying().Signed; {
		case signed && (b.Smin32 > math.MinInt32 || b.Smax32 < math.MaxInt32):
			return fmt.Sprintf("%d to %d", b.Smin32, b.Smax32)
		case b.Umax32 < math.MaxUint32:
			return fmt.Sprintf("%d to %d", b.Umin32, b.Umax32)
		}
	}
	return strings.TrimPrefix(rangeOf(k.After), "anything from ")
}

// tellCheck labels a check in the source. The compiler gives merged branches
// the place of one of them, so that the place alone does not prove it.
func (c *Case) tellCheck(d *diag.Diagnostic, k *verifierlog.Check, name, text string) bool {
	e := c.comparison(k, name)
	if e.node == nil {
		if c.Locate == nil && c.orders(k.Step) {
			return c.tell(d, k.Step, k.Loc, text) // the log's line, which is all there is
		}
		return false
	}
	return c.tellAt(d, k.Step, k.Loc, e, text)
}

// orders says that the log's source line of a step has `<` or `>`; without one,
// the place is the instruction, which is a comparison.
func (c *Case) orders(step int) bool {
	line := strings.ReplaceAll(c.Path.Step(step).Source.Text, "->", ".")
	return line == "" || strings.ContainsAny(line, "<>")
}

// tellAt labels an expression for a step, as tell does its place.
func (c *Case) tellAt(d *diag.Diagnostic, step int, at verifierlog.Loc, e expression, text string) bool {
	line, column := e.file.Position(e.node.Start)
	for i := range d.Labels {
		// Of checks at one place, as in `a || b`, the last has what all leave.
		if l := &d.Labels[i]; !l.Primary && l.Line == line && l.Column == column && strings.HasPrefix(l.Text, checkLeaves) {
			l.Text = text
			return true
		}
	}
	if !c.tell(d, step, at, text) {
		return false
	}
	for i := range d.Labels {
		if l := &d.Labels[i]; !l.Primary && l.Insn != nil && *l.Insn == c.Path.Insn(step) && l.Text == text {
			cover(l, e.file, e.node.Span)
		}
	}
	return true
}
