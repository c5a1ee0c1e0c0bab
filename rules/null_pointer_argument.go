package rules

import (
	"fmt"
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/sourcetext"
	"github.com/bpfdiag/bpfdiag/verifierlog"
)

var (
	_ = rule("BPF0102", nullArgument)
	_ = rule("BPF0103", nullArithmetic)
)

// nullArgument: a function that needs a pointer is given one of a type "…_or_null"
// (check_reg_type, process_kf_arg_ptr_to_btf_id and btf_check_func_arg_match
// in kernel/bpf).
func nullArgument(c *Case, d *diag.Diagnostic) {
	d.Message = "this argument may be NULL, and the function does not take NULL"
	primary(d, "passed without a check")
	if len(c.match.Fields) == 0 {
		return
	}
	if l, ok := c.argumentPlace(argumentNumber(c.match.Fields[0])); ok {
		c.nullPassed(d, l)
	}
}

// nullPassed explains that an argument may be NULL.
func (c *Case) nullPassed(d *diag.Diagnostic, l verifierlog.Loc) {
	primary(d, "passed without a check")
	s := c.Path.Step(c.last)
	fn := sourceName(c.called(s))
	taker := "the function"
	if fn != "" {
		taker = quote(fn)
	}
	e := c.sourceCall(c.last).operand(l.Reg)
	markExpression(d, e)
	name := c.name(c.last, l)
	what := "this argument"
	switch {
	case e.node != nil && (name.Expr == "" || name.From || name.Likely):
		what = quote(e.text())
		if e.simple() && isName(e.text()) {
			name = named{Expr: e.text()}
		}
	case name.Expr != "" && !name.From:
		what = quote(name.Expr)
	}
	if v, known := c.Path.Before(c.last, l); known && v.Base == verifierlog.Scalar && v.Const && v.Number == 0 {
		d.Message = fmt.Sprintf("%s is given NULL, and does not take it", taker)
		text := "NULL"
		if k := c.callTarget(""); strings.HasPrefix(k.paramType(l.Reg), "struct ") {
			text = "NULL, in place of a " + quote(k.paramType(l.Reg))
		}
		primary(d, text)
		if k := c.made(c.last, l); k.Kind == verifierlog.LinkConst {
			if at, ok := c.label(c.Path.Insn(k.Step), ""); ok && !c.besidePrimary(d, at) {
				c.tell(d, k.Step, k.Loc, "NULL from here on")
			}
		}
		d.Helps = append(d.Helps, diag.Help{Text: "pass a pointer that is not NULL", Applicability: diag.Placeholder})
		return
	}
	d.Message = fmt.Sprintf("%s may be NULL, and %s does not take NULL", what, taker)
	c.nullStory(d, l, name, "on the path to this call nothing compares %s with NULL")
}

// nullArithmetic: a number is added to a pointer of a type "…_or_null"
// (adjust_ptr_min_max_vals), for instance for the address of a member.
func nullArithmetic(c *Case, d *diag.Diagnostic) {
	d.Message = "this pointer is computed with before it is compared with NULL"
	primary(d, "the address is computed here")
	if len(c.match.Fields) == 0 {
		return
	}
	l, ok := c.fault(c.match.Fields[0])
	if !ok {
		return
	}
	name := c.name(c.last, l)
	if at, file, ok := c.source(c.Path.Insn(c.last)); ok && at.Expr != nil && at.Expr.Kind == sourcetext.Assign && at.Expr.Operator != "=" {
		if p := file.Text(at.Expr.Operands[0].Span); isName(p) && (name.Expr == "" || name.From) {
			name = named{Expr: p} // `p += 1`
		}
	}
	if name.Expr != "" && !name.From {
		d.Message = quote(name.Expr) + " is computed with before it is compared with NULL"
	}
	c.nullStory(d, l, name, "a comparison of the sum would come too late: a number added to NULL is not NULL any more")
}
