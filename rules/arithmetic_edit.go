package rules

import (
	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/debuginfo"
	"github.com/bpfdiag/bpfdiag/internal/sourcetext"
)

// otherSide makes the edit that turns `data > data_end - n` into `data + n > data_end`,
// for pointers that move by single bytes.
func (c *Case) otherSide() (diag.Edit, bool) {
	insn := c.Path.Insn(c.last)
	at, file, ok := c.source(insn)
	p, _ := c.place(insn)
	if _, whole := c.files[p.File]; !ok || !whole || at.Stmt == nil || at.Expr == nil {
		return diag.Edit{}, false
	}
	minus := at.Expr
	if minus.Kind != sourcetext.Binary || minus.Operator != "-" || len(minus.Operands) != 2 {
		return diag.Edit{}, false
	}
	var compare *sourcetext.Node
	for _, e := range at.Stmt.Exprs {
		if compare == nil {
			compare = comparisonOf(e, minus)
		}
	}
	if compare == nil {
		return diag.Edit{}, false
	}
	left := ungrouped(compare.Operands[0]).Span == minus.Span
	data := compare.Operands[0]
	if left {
		data = compare.Operands[1]
	}
	end := minus.Operands[0]
	if !c.bytePointer(file, data) || !c.bytePointer(file, end) {
		return diag.Edit{}, false
	}
	sum, limit := file.Text(data.Span)+" + "+file.Text(minus.Operands[1].Span), file.Text(end.Span)
	text := sum + " " + compare.Operator + " " + limit
	if left {
		text = limit + " " + compare.Operator + " " + sum
	}
	return editOf(p.File, file.Position, compare.Start, compare.End, text), true
}

// comparisonOf finds the comparison in an expression of which a part is one side.
func comparisonOf(e, part *sourcetext.Node) *sourcetext.Node {
	if e == nil || part.Start < e.Start || part.End > e.End {
		return nil
	}
	if e.Kind == sourcetext.Binary && len(e.Operands) == 2 {
		switch e.Operator {
		case "<", ">", "<=", ">=":
			if ungrouped(e.Operands[0]).Span == part.Span || ungrouped(e.Operands[1]).Span == part.Span {
				return e
			}
		}
	}
	for _, o := range e.Operands {
		if found := comparisonOf(o, part); found != nil {
			return found
		}
	}
	return nil
}

func ungrouped(e *sourcetext.Node) *sourcetext.Node {
	for e.Kind == sourcetext.Group && len(e.Operands) == 1 {
		e = e.Operands[0]
	}
	return e
}

// bytePointer says whether an expression is a variable that points to void or to
// single bytes.
func (c *Case) bytePointer(file *sourcetext.File, e *sourcetext.Node) bool {
	if e.Kind != sourcetext.Name {
		return false
	}
	v := c.variable(file.Text(e.Span))
	if v == nil || v.Type == nil {
		return false
	}
	to := v.Type.Pointee()
	return to != nil && (to.Underlying().Kind == debuginfo.Void || to.Underlying().Size == 1)
}
