package rules

import (
	"fmt"
	"regexp"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/debuginfo"
	"github.com/bpfdiag/bpfdiag/internal/sourcetext"
	"github.com/bpfdiag/bpfdiag/verifierlog"
)

// memberEdit passes the member of a kind of structure instead of another of the
// same object, in all calls that are given that one.
func (c *Case) memberEdit(n int, structure string) []diag.Edit {
	arg := c.sourceCall(c.last).operand(n)
	in := arg.address()
	if in.node == nil || in.node.Kind != sourcetext.Member || !in.simple() {
		return nil
	}
	name := memberOf(c.typeOf(in.operand(0)), structure)
	if name == "" {
		return nil
	}
	return c.everywhere(func(string) bool { return true }, arg.text(), "&"+in.operand(0).text()+in.joint()+name)
}

// joint is what stands between a member and what it is of.
func (e expression) joint() string {
	if e.arrow() {
		return "->"
	}
	return "."
}

// memberAt passes the member at an offset in bytes instead of another of the same
// object.
func (c *Case) memberAt(n int, offset string) []diag.Edit {
	in := c.sourceCall(c.last).operand(n).address()
	if in.node == nil || in.node.Kind != sourcetext.Member || !in.simple() {
		return nil
	}
	t := c.typeOf(in.operand(0))
	if t == nil {
		return nil
	}
	u := t.Underlying()
	if u.Kind == debuginfo.Pointer && u.Pointee() != nil {
		u = u.Pointee().Underlying()
	}
	if u.Kind != debuginfo.Struct {
		return nil
	}
	for _, f := range u.Fields() {
		if f.Name != "" && fmt.Sprint(f.Offset/8) == offset {
			return c.argumentEdit(n, "&"+in.operand(0).text()+in.joint()+f.Name)
		}
	}
	return nil
}

// kptrEdit marks the field whose address argument n is as one that holds references.
func (c *Case) kptrEdit(n int) []diag.Edit {
	in := c.sourceCall(c.last).operand(n).address()
	e, ok := c.editor(c.Path.Insn(c.last))
	if !ok || in.node == nil || in.node.Kind != sourcetext.Member {
		return nil
	}
	field := regexp.MustCompile(`struct\s+\w+\s+(__kptr_untrusted\s+)?(\*)\s*` + regexp.QuoteMeta(in.node.Operator) + `\s*;`)
	all := field.FindAllStringSubmatchIndex(e.text, -1)
	if len(all) != 1 {
		return nil
	}
	m := all[0]
	from := m[4] // the asterisk
	if m[2] >= 0 {
		from = m[2]
	}
	return []diag.Edit{e.replace(sourcetext.Span{Start: from, End: m[4]}, "__kptr ")}
}

// iteratorMade is the step that made the iterator that the call at the last step
// is given, -1 if none is known.
func (c *Case) iteratorMade() int {
	for n := 1; n <= 3; n++ {
		if slot, ok := c.objectSlot(n); ok {
			if step, found := c.madeAt(slot); found {
				return step
			}
		}
	}
	if c.last >= 0 && c.Path.Step(c.last).Op == verifierlog.OpCall && hasSuffixNew(string(c.Path.Step(c.last).Func)) {
		return c.last
	}
	return -1
}

func hasSuffixNew(fn string) bool { return regexp.MustCompile(`^bpf_iter_\w+_new$`).MatchString(fn) }
