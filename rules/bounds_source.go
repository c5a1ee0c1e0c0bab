package rules

import (
	"fmt"
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/debuginfo"
	"github.com/bpfdiag/bpfdiag/internal/sourcetext"
)

// expression is a part of the source.
type expression struct {
	node *sourcetext.Node // nil: nothing is known
	file *sourcetext.File
	insn int // at which names mean what they mean
	// loose says that the text alone is known, not its place: logs have no columns.
	loose bool
}

func (e expression) text() string {
	if e.node == nil {
		return ""
	}
	return strings.Join(strings.Fields(e.file.Text(e.node.Span)), " ")
}

// operand is a part of an expression, nothing if there is none.
func (e expression) operand(i int) expression {
	if e.node == nil || i < 0 || i >= len(e.node.Operands) {
		return expression{}
	}
	e.node = e.node.Operands[i]
	return e
}

// accessed is what an instruction reads or writes, as the source has it:
// `h->slots[i]` of `h->slots[i]++`.
func (c *Case) accessed(insn int) expression {
	at, file, ok := c.source(insn)
	if !ok || at.Expr == nil {
		return expression{}
	}
	e := expression{node: at.Expr, file: file, insn: insn}
	for e.node != nil {
		switch e.node.Kind {
		case sourcetext.Call:
			e = c.copied(e)
			continue
		case sourcetext.Index, sourcetext.Member:
			return e
		case sourcetext.Unary:
			switch e.node.Operator {
			case "*":
				return e
			case "++", "--":
				e = e.operand(0)
				continue
			}
			return expression{}
		case sourcetext.Assign, sourcetext.Postfix, sourcetext.Group:
			e = e.operand(0)
			continue
		}
		return expression{}
	}
	return e
}

// copied is what a memcpy or an atomic function reads or writes, where it is given
// the address of something: `ip->saddr` of `memcpy(out, &ip->saddr, 4)`.
func (c *Case) copied(call expression) expression {
	i := 2
	switch name := strings.TrimPrefix(call.operand(0).text(), "__builtin_"); {
	case strings.HasPrefix(name, "__sync_"), strings.HasPrefix(name, "__atomic_"):
		return call.operand(1).pointedTo()
	case name != "memcpy" && name != "memmove":
		return expression{}
	}
	if fn, at, ok := c.function(call.insn); ok && c.debug() != nil {
		if a, ok := c.debug().Access(fn, at); ok && a.Store {
			i = 1
		}
	}
	return call.operand(i).pointedTo()
}

// pointedTo is what an address is of: `a[i]` of `&a[i]`.
func (e expression) pointedTo() expression {
	if e.node == nil || e.node.Kind != sourcetext.Unary || e.node.Operator != "&" {
		return expression{}
	}
	return e.operand(0)
}

// indexed is the part of an expression that has an index which is no literal:
// `h->slots[i]` of `h->slots[i].n`. Nothing if several have.
func (e expression) indexed() (found expression) {
	for e.node != nil {
		switch e.node.Kind {
		case sourcetext.Index:
			if i := e.operand(1); i.node != nil && i.node.Kind != sourcetext.Literal {
				if found.node != nil {
					return expression{}
				}
				found = e
			}
		case sourcetext.Member, sourcetext.Group:
		case sourcetext.Unary:
			if e.node.Operator != "&" {
				return found
			}
		default:
			return found
		}
		e = e.operand(0)
	}
	return found
}

// simple says that an expression has no effects and means the same wherever
// it is repeated: `i`, `e->len`, `a.b[3]`.
func (e expression) simple() bool {
	if e.node == nil {
		return false
	}
	switch e.node.Kind {
	case sourcetext.Name, sourcetext.Literal:
		return true
	case sourcetext.Member, sourcetext.Index, sourcetext.Group:
		for i := range e.node.Operands {
			if !e.operand(i).simple() {
				return false
			}
		}
		return true
	}
	return false
}

// typeOf is the type of an expression, nil when it is not known.
func (c *Case) typeOf(e expression) *debuginfo.Type {
	in := c.debug()
	fn, i, ok := c.function(e.insn)
	if e.node == nil || in == nil || !ok {
		return nil
	}
	switch e.node.Kind {
	case sourcetext.Name:
		for _, v := range in.Variables(fn, i) {
			if v.Name == e.text() {
				return v.Type
			}
		}
		if a, ok := in.Access(fn, i); ok && a.Pointer.Expr == e.text() && a.Pointer.Var == nil {
			return a.Pointer.Type // a global variable
		}
	case sourcetext.Group:
		return c.typeOf(e.operand(0))
	case sourcetext.Member:
		return member(c.typeOf(e.operand(0)), e.node.Operator, 0)
	case sourcetext.Index:
		return element(c.typeOf(e.operand(0)))
	case sourcetext.Unary:
		if e.node.Operator == "*" {
			return element(c.typeOf(e.operand(0)))
		}
	}
	return nil
}

// element is what a pointer points to, or an array holds.
func element(t *debuginfo.Type) *debuginfo.Type {
	if t == nil {
		return nil
	}
	switch u := t.Underlying(); u.Kind {
	case debuginfo.Pointer:
		return u.Pointee()
	case debuginfo.Array:
		return u.Elem()
	}
	return nil
}

// member is the type of a member of a struct, also behind a pointer.
func member(t *debuginfo.Type, name string, depth int) *debuginfo.Type {
	if t == nil || depth > 8 {
		return nil
	}
	u := t.Underlying()
	if p := u.Pointee(); u.Kind == debuginfo.Pointer && p != nil {
		u = p.Underlying()
	}
	if u.Kind != debuginfo.Struct && u.Kind != debuginfo.Union {
		return nil
	}
	for _, f := range u.Fields() {
		if f.Name == name {
			return f.Type
		}
		if f.Name == "" {
			if m := member(f.Type, name, depth+1); m != nil {
				return m
			}
		}
	}
	return nil
}

// markExpression makes an expression the marked place of the failure.
func markExpression(d *diag.Diagnostic, e expression) {
	if e.node != nil && !e.loose {
		markSpan(d, e.file, e.node.Span)
	}
}

// rewrite is the edit that puts another text in the place of an expression.
// ok is false without the source file.
func (c *Case) rewrite(e expression, text string) (diag.Edit, bool) {
	p, _ := c.place(e.insn)
	if _, whole := c.files[p.File]; !whole || e.node == nil || e.loose {
		return diag.Edit{}, false
	}
	return editOf(p.File, e.file.Position, e.node.Start, e.node.End, text), true
}

// byteRange says which bytes are meant: "bytes 4 to 7".
func byteRange(off, size int64) string {
	if size <= 1 {
		return fmt.Sprintf("byte %d", off)
	}
	return fmt.Sprintf("bytes %d to %d", off, off+size-1)
}
