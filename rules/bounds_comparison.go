package rules

import (
	"strconv"
	"strings"

	"github.com/bpfdiag/bpfdiag/internal/sourcetext"
	"github.com/bpfdiag/bpfdiag/verifierlog"
)

// comparison is the comparison in the source that a check is: what stands at
// its place, if that speaks of the name; else the only one in the
// function that compares the name with the same constant.
func (c *Case) comparison(k *verifierlog.Check, name string) (found expression) {
	insn := c.Path.Insn(k.Step)
	at, file, ok := c.source(insn)
	if !ok || name == "" {
		return expression{}
	}
	if at.Expr != nil && at.Expr.Kind == sourcetext.Binary && mentions(file.Text(at.Expr.Span), name) {
		return expression{node: at.Expr, file: file, insn: insn}
	}
	several := false
	c.comparisons(at.Function, file, func(n *sourcetext.Node) {
		e := expression{node: n, file: file, insn: insn}
		if e.operand(0).text() != name {
			return
		}
		if v, err := strconv.ParseInt(e.operand(1).text(), 0, 64); err != nil || v-k.Imm < -1 || v-k.Imm > 1 {
			return
		}
		several = several || found.node != nil && found.node.Span != n.Span
		found = e
	})
	if several || found.node == nil {
		found = expression{}
		if at.Expr != nil && mentions(file.Text(at.Expr.Span), name) {
			found = expression{node: at.Expr, file: file, insn: insn}
		}
	}
	return found
}

// comparisons visits the comparisons in a function's text; the same one perhaps
// several times.
func (c *Case) comparisons(f sourcetext.Function, file *sourcetext.File, visit func(*sourcetext.Node)) {
	c.expressions(f, file, func(n *sourcetext.Node) {
		switch n.Operator {
		case "<", "<=", ">", ">=", "==", "!=":
			if n.Kind == sourcetext.Binary {
				visit(n)
			}
		}
	})
}

// expressions visits what a function's text computes; the same perhaps several times.
func (c *Case) expressions(f sourcetext.Function, file *sourcetext.File, visit func(*sourcetext.Node)) {
	first, _ := file.Position(f.Body.Start)
	last, _ := file.Position(f.Body.End)
	for line := first; line <= last && line-first < 2000; line++ {
		on, ok := file.At(line, 0)
		if !ok || on.Stmt == nil {
			continue
		}
		for _, n := range on.Stmt.Exprs {
			walk(n, visit)
		}
	}
}

func walk(n *sourcetext.Node, visit func(*sourcetext.Node)) {
	visit(n)
	for _, o := range n.Operands {
		walk(o, visit)
	}
}

// mentions says that a name stands in a text as a word of its own.
func mentions(text, name string) bool {
	for i := 0; ; {
		j := strings.Index(text[i:], name)
		if j < 0 {
			return false
		}
		i += j
		end := i + len(name)
		if (i == 0 || !isName("a"+text[i-1:i])) && (end == len(text) || !isName("a"+text[end:end+1])) {
			return true
		}
		i = end
	}
}

func isName(s string) bool {
	for i, r := range s {
		if !(r == '_' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || i > 0 && r >= '0' && r <= '9') {
			return false
		}
	}
	return s != ""
}
