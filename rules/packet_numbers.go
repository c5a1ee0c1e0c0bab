package rules

import (
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/sourcetext"
	"github.com/bpfdiag/bpfdiag/verifierlog"
)

// numbersCompared explains a check of the packet's address as a number of 32 bits:
// `ctx->data + 14 > ctx->data_end`. An operation of 32 bits makes a number of a pointer
// (adjust_ptr_min_max_vals in kernel/bpf/verifier.c).
func (c *Case) numbersCompared(d *diag.Diagnostic, end string) bool {
	for _, i := range c.Path.Branches(c.Path.Begin, c.last) {
		s := c.Path.Step(i)
		if s.Op != verifierlog.OpJump || s.HasImm || s.Dst < 0 || s.Src < 0 {
			continue
		}
		left, right := verifierlog.Reg(s.Frame, s.Dst), verifierlog.Reg(s.Frame, s.Src)
		if !c.cutAddress(i, left) && !c.cutAddress(i, right) {
			continue
		}
		insn := c.Path.Insn(i)
		at, file, ok := c.source(insn)
		if !ok || at.Expr == nil {
			continue
		}
		e := expression{node: at.Expr, file: file, insn: insn}.comparisonOf("data_end")
		if e.node == nil || e.node.Kind != sourcetext.Binary || !strings.ContainsAny(e.node.Operator, "<>") {
			continue
		}
		if !c.tellAt(d, i, left, e, "compares numbers of 32 bits, and proves nothing") {
			continue
		}
		note(d, "a sum of 32 bits is a number to the verifier; only a pointer that is compared with the packet's end proves something")
		h := diag.Help{Text: "compare pointers", Applicability: diag.Likely}
		edit, ok := c.rewrite(e, asPointer(e.operand(0))+" "+e.node.Operator+" "+asPointer(e.operand(1)))
		if ok && edit.Replacement != e.text() {
			h.Edits = []diag.Edit{edit}
			d.Helps = append(d.Helps, h)
		}
		return true
	}
	return false
}

// cutAddress says whether a number in front of a step was an address of the packet
// until 32 bits of it were taken.
func (c *Case) cutAddress(step int, l verifierlog.Loc) bool {
	if v, ok := c.Path.Before(step, l); !ok || v.Base != verifierlog.Scalar {
		return false
	}
	for _, k := range c.Path.Chain(step, l) {
		for _, from := range k.From {
			v, ok := c.Path.Before(k.Step, from)
			if ok && (v.Base == verifierlog.Packet || v.Base == verifierlog.PacketEnd) {
				return true
			}
		}
	}
	return false
}

// asPointer is the text of an expression that begins with one of the context's
// addresses, with that as a pointer.
func asPointer(e expression) string {
	first := e
	for first.node != nil && first.node.Kind == sourcetext.Binary {
		first = first.operand(0)
	}
	if first.node != nil && first.node.Kind == sourcetext.Member && strings.HasPrefix(first.node.Operator, "data") {
		return "(void *)(long)" + e.text()
	}
	return e.text()
}
