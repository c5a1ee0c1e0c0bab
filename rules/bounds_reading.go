package rules

import (
	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/sourcetext"
	"github.com/bpfdiag/bpfdiag/verifierlog"
)

// tellEarlier labels the comparison of an earlier reading of what is in memory,
// `m->used`: the verifier does not take what is read later for the same number,
// because others may write there, and it does not keep track of what is in maps.
func (c *Case) tellEarlier(d *diag.Diagnostic, step int, l verifierlog.Loc, name string) bool {
	if name == "" || isName(name) {
		return false
	}
	if k := c.made(step, l); k.Kind != verifierlog.LinkLoad {
		return false
	}
	for i := step - 1; i >= 0; i-- {
		if c.Path.Step(i).Op != verifierlog.OpJump {
			continue
		}
		insn := c.Path.Insn(i)
		at, file, ok := c.source(insn)
		if !ok || at.Expr == nil || !c.ownPlace(i) {
			continue
		}
		e := expression{node: at.Expr, file: file, insn: insn}
		if e.node.Kind != sourcetext.Binary || e.operand(0).text() != name && e.operand(1).text() != name {
			continue
		}
		switch e.node.Operator {
		case "<", "<=", ">", ">=", "==", "!=":
			note(d, "between the check and this line others may write to %s, so that the verifier takes each reading for another number", quote(name))
			return c.tellAt(d, i, l, e, "checks an earlier reading of "+quote(name))
		}
	}
	return false
}

// part is the one part of an expression that is written like this.
func (e expression) part(text string) (found expression) {
	if e.node == nil || text == "" {
		return expression{}
	}
	several := false
	walk(e.node, func(n *sourcetext.Node) {
		if p := (expression{node: n, file: e.file, insn: e.insn}); p.text() == text {
			several = several || found.node != nil
			found = p
		}
	})
	if several {
		return expression{}
	}
	return found
}
