package rules

import (
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/sourcetext"
)

// moving are the helpers behind which other bytes stand where the pointers would
// point that are made anew.
var moving = map[string]bool{
	"bpf_xdp_adjust_head": true, "bpf_skb_adjust_room": true, "bpf_skb_change_head": true,
	"bpf_skb_change_proto": true, "bpf_skb_vlan_push": true, "bpf_skb_vlan_pop": true, "bpf_lwt_push_encap": true,
}

// readEarlier is the edit that moves a variable's declaration, which reads the packet, in
// front of the statement with the call that makes its pointers stale.
func (c *Case) readEarlier(step int) []diag.Edit {
	e, ok := c.editor(c.Path.Insn(c.last))
	to, file, found := c.source(c.Path.Insn(step))
	if !ok || !found || file != e.file || e.at.Stmt == nil || to.Stmt == nil {
		return nil
	}
	use, before := e.at.Stmt, to.Stmt
	if use.Kind != sourcetext.DeclStmt || use.Bare || before.Bare || use.Parent != before.Parent || before.Start >= use.Start || len(use.Exprs) != 1 {
		return nil
	}
	_, value := set(use.Exprs[0], file)
	if value == nil {
		return nil
	}
	same := true
	walk(value, func(n *sourcetext.Node) { same = same && n.Kind != sourcetext.Call && n.Kind != sourcetext.Assign })
	e.statements(func(s *sourcetext.Stmt) {
		for _, n := range s.Exprs {
			if name, v := set(n, file); v != nil && s.Start >= before.Start && s.Start < use.Start && hasWord(file.Text(value.Span), name) {
				same = false
			}
		}
	})
	if !same {
		return nil
	}
	return append(e.before(before, file.Text(use.Span)), e.replace(e.lines(use.Span), ""))
}

// set is the variable that an expression sets, and its value.
func set(e *sourcetext.Node, file *sourcetext.File) (name string, value *sourcetext.Node) {
	switch {
	case e.Kind == sourcetext.Declarator && len(e.Operands) == 1:
		name, _, _ = strings.Cut(file.Text(e.Span), "=")
		return strings.Trim(name, " \t\n*"), e.Operands[0]
	case e.Kind == sourcetext.Assign && e.Operator == "=" && len(e.Operands) == 2 && e.Operands[0].Kind == sourcetext.Name:
		return file.Text(e.Operands[0].Span), e.Operands[1]
	}
	return "", nil
}
