package rules

import (
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/debuginfo"
	"github.com/bpfdiag/bpfdiag/internal/sourcetext"
	"github.com/bpfdiag/bpfdiag/verifierlog"
)

// isLockCall is for functions that lock or unlock.
func isLockCall(fn string) bool {
	return strings.HasPrefix(fn, "bpf_spin_") || strings.HasPrefix(fn, "bpf_res_spin_")
}

// lockBeside is the address of the lock of the object that the list or tree of
// argument n is a member of: `&q->lock` for `&q->head`.
func (c *Case) lockBeside(n int) string {
	root := c.sourceCall(c.last).operand(n).address()
	if root.node == nil || root.node.Kind != sourcetext.Member || !root.simple() {
		return ""
	}
	name := memberOf(c.typeOf(root.operand(0)), "bpf_spin_lock", "bpf_res_spin_lock")
	if name == "" {
		return ""
	}
	joint := "."
	if root.arrow() {
		joint = "->"
	}
	return "&" + root.operand(0).text() + joint + name
}

// memberOf is the only member of a struct, or of what a pointer points to, that is
// a structure of one of some names; "" if there is none, or several are.
func memberOf(t *debuginfo.Type, structures ...string) (name string) {
	if t == nil {
		return ""
	}
	u := t.Underlying()
	if u.Kind == debuginfo.Pointer && u.Pointee() != nil {
		u = u.Pointee().Underlying()
	}
	if u.Kind != debuginfo.Struct {
		return ""
	}
	for _, f := range u.Fields() {
		for _, s := range structures {
			if f.Type != nil && f.Type.Underlying().Kind == debuginfo.Struct && f.Type.Underlying().Name == s {
				if name != "" {
					return ""
				}
				name = f.Name
			}
		}
	}
	return name
}

// lockAround takes a lock in front of the statement that the path ends with and
// unlocks it behind.
func (c *Case) lockAround(lock string) []diag.Edit {
	return c.around("bpf_spin_lock("+lock+");", "bpf_spin_unlock("+lock+");", lock != "")
}

// around puts one statement in front of that of the last step, and one behind. A
// declaration would end with the block that this makes of it, so it is none.
func (c *Case) around(before, behind string, known bool) []diag.Edit {
	e, ok := c.editor(c.Path.Insn(c.last))
	if !ok || !known || e.at.Stmt == nil || e.at.Stmt.Bare || e.at.Stmt.Kind != sourcetext.ExprStmt {
		return nil
	}
	edits := e.before(e.at.Stmt, before)
	after := e.behind(e.at.Stmt, behind)
	if edits == nil || after == nil {
		return nil
	}
	return append(edits, after...)
}

// swapRestores changes the order of two calls that restore interrupt states: the
// one that the path ends with, and that of the state that was saved last.
func (c *Case) swapRestores(n int, inner string) []diag.Edit {
	e, ok := c.editor(c.Path.Insn(c.last))
	call := c.sourceCall(c.last)
	arg := call.operand(n)
	if !ok || arg.node == nil || inner == "" {
		return nil
	}
	fn := call.operand(0).text()
	var edits []diag.Edit
	e.calls(func(name string) bool { return name == fn }, func(_ *sourcetext.Stmt, other expression) {
		if o := other.operand(n); edits == nil && other.node.Start > call.node.Start && o.text() == "&"+inner {
			edits = []diag.Edit{e.replace(arg.node.Span, o.text()), e.replace(o.node.Span, arg.text())}
		}
	})
	return edits
}

// secondState keeps an inner interrupt state in a variable of its own: this call and
// the next that restores from the same variable get it.
func (c *Case) secondState(n int) []diag.Edit {
	insn := c.Path.Insn(c.last)
	e, ok := c.editor(insn)
	call := c.sourceCall(c.last)
	name := c.freeName(insn, "inner", "inner_flags")
	arg := call.operand(n)
	if !ok || arg.node == nil || name == "" {
		return nil
	}
	declared, ok := c.insertBefore(insn, "unsigned long "+name+";")
	if !ok {
		return nil
	}
	var restore []diag.Edit
	e.calls(func(fn string) bool { return strings.HasSuffix(fn, "restore") }, func(_ *sourcetext.Stmt, other expression) {
		if restore != nil || other.node.Start < call.node.Start {
			return
		}
		for i := range other.node.Operands[1:] {
			if o := other.operand(i + 1); o.text() == arg.text() {
				restore = []diag.Edit{e.replace(o.node.Span, "&"+name)}
			}
		}
	})
	if restore == nil {
		return nil
	}
	return append([]diag.Edit{declared, e.replace(arg.node.Span, "&"+name)}, restore...)
}

// earlierUnlock deletes the unlock of a step, if another follows in any case.
func (c *Case) earlierUnlock(step int) []diag.Edit {
	first, second := c.sourceCall(step), c.sourceCall(c.last)
	e, ok := c.editor(c.Path.Insn(step))
	if !ok || first.node == nil || second.node == nil || !c.oneFunction(step, c.last) {
		return nil
	}
	s, later := e.statement(first.node), e.statement(second.node)
	if s == nil || later == nil || later.Parent != nil && later.Parent != s.Parent {
		return nil
	}
	return c.removeCall(step)
}

// openRCU opens an RCU read section in front of a call, and closes it behind
// the one that ends what the call began, or behind the call itself.
func (c *Case) openRCU(from int, to func(fn string) bool) []diag.Edit {
	e, ok := c.editor(c.Path.Insn(from))
	call := c.sourceCall(from)
	if !ok || call.node == nil {
		return nil
	}
	begin := e.statement(call.node)
	var end *sourcetext.Stmt
	several := false
	if to == nil {
		end = begin
	} else {
		e.calls(to, func(s *sourcetext.Stmt, _ expression) {
			several = several || end != nil
			end = s
		})
	}
	if begin == nil || end == nil || several || begin.Parent != end.Parent || begin.Kind == sourcetext.DeclStmt || end.Kind == sourcetext.ReturnStmt || begin.Head.End > begin.Head.Start {
		return nil
	}
	before, behind := e.before(begin, "bpf_rcu_read_lock();"), e.behind(end, "bpf_rcu_read_unlock();")
	lock, ok := e.declareKfunc("bpf_rcu_read_lock")
	unlock, found := e.declareKfunc("bpf_rcu_read_unlock")
	if before == nil || behind == nil || !ok || !found {
		return nil
	}
	if len(lock) > 0 && len(unlock) > 0 { // at one place: as one
		lock[0].Replacement = strings.TrimSuffix(lock[0].Replacement, "\n")
	}
	return append(append(append(lock, unlock...), before...), behind...)
}

// mapFull is the whole name of a map, of which logs have the first 15 bytes.
func (c *Case) mapFull(name string) string {
	if c.Object == nil || len(name) < 15 {
		return name
	}
	found := ""
	for _, m := range c.Object.Maps {
		if strings.HasPrefix(m.Name, name) {
			if found != "" {
				return name
			}
			found = m.Name
		}
	}
	if found == "" {
		return name
	}
	return found
}

// heldLock is the argument that the lock was taken with which is held where the
// path ends.
func (c *Case) heldLock() string {
	h, ok := c.innermost(verifierlog.ResLock)
	if !ok || !c.oneFunction(c.last, h.Acquired) {
		return ""
	}
	return c.sourceCall(h.Acquired).arg(1)
}
