package rules

import (
	"fmt"
	"math/bits"
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/debuginfo"
	"github.com/bpfdiag/bpfdiag/internal/lazyregexp"
	"github.com/bpfdiag/bpfdiag/internal/sourcetext"
	"github.com/bpfdiag/bpfdiag/verifierlog"
)

// partOfCondition says that a comparison is not all that stands in the
// parentheses of an `if`.
func (c *Case) partOfCondition(e expression) bool {
	at, _, ok := c.source(e.insn)
	if !ok || at.Stmt == nil {
		return true
	}
	head := strings.Join(strings.Fields(e.file.Text(at.Stmt.Head)), " ")
	return head != "if ("+e.text()+")"
}

// compilerLost says that a check was of another copy. It is the compiler's fault where
// the source compares the very name.
func (c *Case) compilerLost(d *diag.Diagnostic, k *verifierlog.Check, step int, l verifierlog.Loc, name string, limit int64) {
	e := c.comparison(k, name)
	text := "this check is of another copy"
	if limit > 0 && k.After.Bounds.Umax >= uint64(limit) {
		text += ", and leaves " + leaves(k, nil)
	}
	c.tellCheck(d, k, name, text)
	d.Notes = append(d.Notes, fmt.Sprintf("compared is %s, used is %s; the verifier does not know that what holds for one holds for the other", c.register(k.Loc), c.register(l)))
	h := diag.Help{Text: "check the very value that is used", Applicability: diag.Placeholder}
	if name != "" && (e.operand(0).text() == name || e.operand(1).text() == name) {
		d.Class = diag.ClassCompiler
		if wide, ok := c.widen(step, l, name); ok {
			d.Helps = append(d.Helps, wide)
			return
		}
		h.Text = "keep the compiler from making two values of one: `barrier_var()` in front of the check"
		if isName(name) {
			h.Text = "keep the compiler from making two values of " + quote(name)
			if edit, ok := c.withBytes(name, 4); ok { // barrier_var() would not do: it is cut to its bits behind that
				h.Text, h.Edits, h.Applicability = "give "+quote(name)+" 32 bits, so that the compiler cuts no copy of it", []diag.Edit{edit}, diag.Likely
			} else if edit, ok := c.insertBefore(c.Path.Insn(k.Step), "barrier_var("+name+");"); ok {
				h.Edits = []diag.Edit{edit}
			}
		}
	}
	d.Helps = append(d.Helps, h)
}

// bound is the help that keeps a number below a limit: the check that is there,
// made right, or one more. name is what the source calls the number.
func (c *Case) bound(x *index, limit int64) diag.Help {
	insn := c.Path.Insn(c.last)
	if t, ok := c.term(x.inside, x.step, x.loc); ok && x.name == "" && x.known && limit > 0 {
		if condition := t.outside(x.value, limit-1); condition != "" {
			return c.guard(insn, "check "+quote(t.name)+" first", condition)
		}
	}
	if limit <= 0 || x.name == "" {
		return diag.Help{Text: "check the index against the size right before it is used", Applicability: diag.Placeholder}
	}
	mask := ""
	if limit > 1 && bits.OnesCount64(uint64(limit)) == 1 {
		mask = fmt.Sprintf(", or mask it: `%s & %d`", x.name, limit-1)
	}
	if h, ok := c.tighten(x, limit); ok {
		return h
	}
	if !isName(x.name) {
		return c.readOnce(x, limit)
	}
	if h, ok := c.endLoop(c.accessed(insn), x.name, limit); ok && !x.signed() {
		return h
	}
	condition := fmt.Sprintf("%s %s", x.name, x.over(limit))
	if x.signed() {
		condition = fmt.Sprintf("%s < 0 || %s", x.name, condition)
	}
	return c.guard(insn, "check "+quote(x.name)+" first"+mask, condition)
}

// readOnce is the help for an index that is read from memory where it stands:
// it could be another number each time, so that a check needs it in a variable.
func (c *Case) readOnce(x *index, limit int64) diag.Help {
	insn := c.Path.Insn(c.last)
	h := diag.Help{Text: "read " + quote(x.name) + " into a variable once, check that, and use it", Applicability: diag.Placeholder}
	names := []string{"i", "idx", "index"}
	if x.e.node != nil && x.e.node.Kind == sourcetext.Member {
		names = append([]string{x.e.node.Operator}, names...) // `used` for `m->used`
	}
	name := c.freeName(insn, names...)
	if name == "" || x.typ == nil || x.e.node == nil || limit <= 0 {
		return h
	}
	condition := fmt.Sprintf("%s %s", name, x.over(limit))
	if x.signed() {
		condition = fmt.Sprintf("%s < 0 || %s", name, condition)
	}
	return c.guardCopy(insn, h.Text, declare(x.typ.Declare(""), name, x.name), condition, x.e, name)
}

// over is the comparison of an index that is too large: with the number of elements where
// that is the limit, else with the greatest index that is inside.
func (x *index) over(limit int64) string {
	if x.length == limit {
		return fmt.Sprintf(">= %d", limit)
	}
	return fmt.Sprintf("> %d", limit-1)
}

// tighten is the edit that makes a check of a number against a constant right.
func (c *Case) tighten(x *index, limit int64) (h diag.Help, ok bool) {
	for _, k := range c.Path.Checks(x.step, x.loc) {
		if !k.HasImm || !k.Narrowed || k.Relation > verifierlog.RelSource || k.After.Bounds.Smax == k.Before.Bounds.Smax && (k.Wide || k.After.Bounds.Smax32 == k.Before.Bounds.Smax32) {
			continue
		}
		e := c.comparison(&k, x.name)
		if e.node == nil || e.node.Kind != sourcetext.Binary || k.Imm <= 0 {
			continue
		}
		left, right := e.operand(0), e.operand(1)
		if left.text() != x.name || right.node == nil {
			continue
		}
		operator := map[string]string{">": ">=", ">=": ">=", "<": "<", "<=": "<"}[e.node.Operator]
		if operator == "" || c.sets(e, x.name) {
			continue
		}
		text := fmt.Sprintf("%s %s %d", x.name, operator, limit)
		if x.signed() {
			if x.known && x.value.Bounds.Smax < limit {
				text = e.text() // one end is right already
			}
			if operator[0] == '<' {
				text = fmt.Sprintf("%s >= 0 && %s", x.name, text)
			} else {
				text = fmt.Sprintf("%s < 0 || %s", x.name, text)
			}
			if c.partOfCondition(e) {
				text = "(" + text + ")"
			}
		}
		if edit, can := c.rewrite(e, text); can {
			return diag.Help{Text: "let this check leave only what is inside", Applicability: diag.Safe, Edits: []diag.Edit{edit}}, true
		}
	}
	return h, false
}

// sets says whether the if that a comparison is the condition of gives a variable
// another value, so that a change of the condition alone does not bound it.
func (c *Case) sets(e expression, name string) bool {
	at, _, ok := c.source(e.insn)
	if !ok || at.Stmt == nil || at.Stmt.Kind != sourcetext.IfStmt {
		return false
	}
	found := false
	for _, s := range at.Stmt.Body {
		for _, n := range s.Exprs {
			walk(n, func(n *sourcetext.Node) {
				found = found || n.Kind == sourcetext.Assign && e.file.Text(n.Operands[0].Span) == name
			})
		}
	}
	return found
}

// withBytes is the edit that declares an integer of fewer bytes with size, 4 or 8. The
// verifier does not see what holds for a copy that the compiler has cut to fewer bits.
func (c *Case) withBytes(name string, size int64) (edit diag.Edit, ok bool) {
	v := c.variable(name)
	p, placed := c.place(c.Path.Insn(c.last))
	f, whole := c.files[p.File]
	if v == nil || v.Param || v.Type == nil || v.Line == 0 || !placed || !whole {
		return edit, false
	}
	t := v.Type.Underlying()
	at, found := f.At(v.Line, 0)
	if t.Kind != debuginfo.Int || t.ByteSize() >= size || !found || at.Stmt == nil || at.Stmt.Kind != sourcetext.DeclStmt || len(at.Stmt.Exprs) > 1 {
		return edit, false
	}
	typ, _, found := strings.Cut(f.Text(at.Stmt.Span), " "+name)
	wide := wider(typ, size*8)
	if !found || wide == "" {
		return edit, false
	}
	return editOf(p.File, f.Position, at.Stmt.Start, at.Stmt.Start+len(typ), wide), true
}

var integer = lazyregexp.New(`^((?:__)?[us]|u?int)(8|16|32)(_t)?$`)

// wider is a type with other bits in the style of a name: `__u32` for `__u16`; "" if
// the name is none of an integer.
func wider(name string, bits int64) string {
	if m := integer.FindStringSubmatch(name); m != nil {
		return m[1] + fmt.Sprint(bits) + m[3]
	}
	words := map[string]string{"char": "", "short": "", "int": "", "unsigned char": "unsigned ", "unsigned short": "unsigned ", "unsigned int": "unsigned "}
	prefix, known := words[name]
	switch {
	case !known:
		return ""
	case bits == 32:
		return prefix + "int"
	}
	return prefix + "long"
}
