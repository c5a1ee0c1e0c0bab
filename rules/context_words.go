package rules

import (
	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/debuginfo"
	"github.com/bpfdiag/bpfdiag/internal/sourcetext"
	"github.com/bpfdiag/bpfdiag/verifierlog"
)

// wordsOfContext is the edit that copies an array in the context to the stack, where
// an index that the verifier knows only a range of is possible.
func (c *Case) wordsOfContext() ([]diag.Edit, bool) {
	insn := c.Path.Insn(c.last)
	at, file, ok := c.source(insn)
	s := c.failing()
	if !ok || at.Expr == nil || at.Expr.Kind != sourcetext.Index || s.Op != verifierlog.OpLoad {
		return nil, false
	}
	e := expression{node: at.Expr, file: file, insn: insn}
	array := e.operand(0)
	x := c.index(c.last, verifierlog.Reg(s.Frame, s.Mem.Base), 0, expression{})
	if array.node.Kind != sourcetext.Member || !array.simple() || !x.found || !x.known || x.several {
		return nil, false
	}
	t := c.typeOf(array)
	if t == nil || t.Underlying().Kind != debuginfo.Array {
		return nil, false
	}
	n, elem := t.Underlying().Len, t.Underlying().Elem()
	name := c.freeName(insn, array.node.Operator, "words", "copy")
	if elem == nil || elem.ByteSize() != int64(s.Mem.Size) || n < 1 || n > 8 || name == "" || x.value.Bounds.Smin < 0 || int64(x.value.Bounds.Umax)*x.scale > (n-1)*elem.ByteSize() {
		return nil, false
	}
	list := ""
	for i := range n {
		if i > 0 {
			list += ", "
		}
		list += array.text() + "[" + string(rune('0'+i)) + "]"
	}
	first, ok := c.insertBefore(insn, elem.Declare(name+"[]")+" = {"+list+"};")
	second, ok2 := c.rewrite(array, name)
	return []diag.Edit{first, second}, ok && ok2
}
