package rules

import (
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/sourcetext"
	"github.com/bpfdiag/bpfdiag/verifierlog"
)

// guard is a help that leaves the function in front of an instruction's
// statement when a condition holds. first are statements in front of the check.
// It is safe where the program type's neutral value is known, and all that is held
// can be given back. In a loop it may leave only that.
func (c *Case) guard(insn int, text, condition string, first ...string) diag.Help {
	return c.leaveIf(insn, text, condition, -1, first)
}

// guardNull is a guard for the case that what a step returned is NULL: then it is
// not held.
func (c *Case) guardNull(insn int, text, condition string, step int) diag.Help {
	return c.leaveIf(insn, text, condition, step, nil)
}

func (c *Case) leaveIf(insn int, text, condition string, except int, first []string) diag.Help {
	h := diag.Help{Text: text, Applicability: diag.Placeholder}
	leave, how := c.leave(insn)
	back, known := c.giveBack(except)
	if stmt, trusted, keeps, ok := c.leaveHere(insn, except); ok {
		leave, how = stmt, trusted
		if keeps {
			back, known = nil, true
		}
	}
	if !known {
		h.Text += ", and give back what is held before leaving"
		how = diag.Placeholder
	}
	lines := append(first, "if ("+condition+")", "\t"+leave)
	if len(back) > 0 {
		lines = append(first, "if ("+condition+") {")
		for _, s := range append(back, leave) {
			lines = append(lines, "\t"+s)
		}
		lines = append(lines, "}")
	}
	if e, ok := c.insertBefore(insn, lines...); ok {
		h.Edits, h.Applicability = []diag.Edit{e}, how
		return h
	}
	if e, ok := c.editor(insn); ok && len(first) == 0 && e.at.Stmt != nil && e.at.Stmt.Bare && e.at.Stmt.Kind != sourcetext.LoopStmt {
		if h.Edits = e.before(e.at.Stmt, strings.Join(lines, "\n")); h.Edits != nil {
			h.Applicability = how
			return h
		}
	}
	if leave != "" && len(first) == 0 && len(back) == 0 {
		h.Text += ": `if (" + condition + ") " + leave + "`"
	}
	return h
}

// giveBack are the statements that give back what is held at the last step, so
// that the function can be left there; known is false where they are not. What was
// acquired at the step except is not held.
func (c *Case) giveBack(except int) (statements []string, known bool) {
	open := c.Path.Open(c.last)
	for i := len(open) - 1; i >= 0; i-- {
		switch r := open[i]; {
		case except >= 0 && r.Acquired == except:
		case r.Kind == verifierlog.ResRCU:
			statements = append(statements, "bpf_rcu_read_unlock();")
		case r.Kind == verifierlog.ResPreempt:
			statements = append(statements, "bpf_preempt_enable();")
		case r.Kind == verifierlog.ResReference && r.Func == "bpf_ringbuf_reserve":
			name := c.holder(r)
			if name == "" {
				return nil, false
			}
			statements = append(statements, "bpf_ringbuf_discard("+name+", 0);")
		case r.Kind == verifierlog.ResReference && strings.HasPrefix(r.Func, "bpf_iter_"):
			h := c.holding(r)
			if h.release == "" {
				return nil, false
			}
			statements = append(statements, h.release)
		default:
			return nil, false
		}
	}
	return statements, true
}

// holder is the variable that has the pointer to what is held, as it was returned.
func (c *Case) holder(r verifierlog.Resource) string {
	frame := c.Path.Step(c.last).Frame
	for _, l := range c.Path.Places(c.last) {
		if l.Frame != frame {
			continue
		}
		k := c.made(c.last, l)
		v, ok := c.Path.Before(c.last, l)
		if !ok || k.Step != r.Acquired || k.Kind != verifierlog.LinkResult || v.Offset != 0 || v.Base != verifierlog.Mem {
			continue
		}
		if n := c.name(c.last, l); isName(n.Expr) && !n.From && !n.Likely {
			return n.Expr
		}
	}
	return ""
}

// guardCopy is a guard of an expression that might give another value when it
// is read again: it is put into a variable, which is checked and used.
func (c *Case) guardCopy(insn int, text, declaration, condition string, use expression, name string) diag.Help {
	h := c.guard(insn, text, condition, declaration)
	e, ok := c.rewrite(use, name)
	if len(h.Edits) == 0 || !ok {
		h.Edits, h.Applicability = nil, diag.Placeholder
		return h
	}
	h.Edits = append(h.Edits, e)
	return h
}

// declare is the declaration of a variable with a value.
func declare(typ, name, value string) string {
	return strings.TrimSpace(typ) + " " + name + " = " + value + ";"
}
