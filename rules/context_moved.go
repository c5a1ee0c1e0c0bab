package rules

import (
	"fmt"
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/sourcetext"
	"github.com/bpfdiag/bpfdiag/verifierlog"
)

var (
	_ = rule("BPF0141", movedContext)
	_ = ruleByPath("BPF0142", movedPointer)
)

// movedContext: a context is accessed, or passed on, through a pointer that is
// not its begin (check_ptr_off_reg, check_ctx_reg in kernel/bpf/verifier.c).
func movedContext(c *Case, d *diag.Diagnostic) {
	s := c.failing()
	l, ok := c.addressed()
	if !ok {
		d.Message = "the context is used through a pointer that is not its begin"
		primary(d, "used here")
		return
	}
	what := c.exact(c.last, l, "the context")
	if c.said("variable") {
		d.Message = "the offset into the context is not a constant here"
		primary(d, "accessed here")
		if !c.contextIndex(d, l) {
			c.tellMoved(d, l, "the variable offset is added here")
			c.tellOffset(d, l)
		}
		if c.Program.Type == "tracepoint" {
			note(d, "a tracepoint's record is read directly at constant offsets only; helpers read it as what it is, memory of the kernel")
			h := "copy it to a variable first, with `bpf_probe_read_kernel` or `bpf_probe_read_kernel_str`"
			if what != "the context" {
				h = "copy what " + what + " points to to a variable first, with `bpf_probe_read_kernel` or `bpf_probe_read_kernel_str`"
			}
			suggest(d, h)
			return
		}
		note(d, "the verifier translates each field of a context by itself, so it has to know which one is meant")
		if edits, ok := c.wordsOfContext(); ok {
			d.Helps = append(d.Helps, diag.Help{Text: "copy the array, and use the index on the copy", Applicability: diag.Likely, Edits: edits})
			return
		}
		advise(d, "use constant indices: a `switch`, or a loop that the compiler unrolls (`#pragma unroll`)")
		return
	}
	d.Message = fmt.Sprintf("%s points %s behind the context's begin", what, c.shift())
	if what == "the context" {
		d.Message = "the context is used through a pointer that is not its begin"
	}
	c.tellMoved(d, l, "moved by "+c.shift()+" here")
	if s.Op == verifierlog.OpCall {
		primary(d, "passed here")
		c.markArgument(d, l.Reg)
		advise(d, "pass the context itself")
		return
	}
	primary(d, "accessed here")
	if left, right, ok := c.chosen(); ok {
		d.Class = diag.ClassCompiler
		d.Message = left + " and " + right + " became one access, of a chosen address"
		note(d, "the compiler chooses between the addresses of the two; only a field at a fixed distance from the context's begin can be accessed")
		advise(d, "read both into variables first, with `barrier_var(x)` behind the first, and choose between the variables")
		return
	}
	if target, ok := c.wroteMember(); ok {
		// The source names a field; it is the compiler that computes its address first.
		d.Class = diag.ClassCompiler
		note(d, "the compiler computes the address of %s first and accesses it later; only a field at a fixed distance from the context's begin can be accessed", target)
		advise(d, "read each field into a variable of its own before a choice is made between them")
		return
	}
	note(d, "a context is accessed at a fixed distance from its begin; its fields have no addresses in the kernel")
	advise(d, "pass the context, or the value of the field, instead of the field's address")
}

// contextIndex is about an element of an array in the context: it marks the index.
func (c *Case) contextIndex(d *diag.Diagnostic, l verifierlog.Loc) bool {
	insn := c.Path.Insn(c.last)
	e := c.accessed(insn).indexed()
	x := c.index(c.last, l, 0, e)
	if e.node == nil || !x.found {
		return false
	}
	d.Message = quote(e.operand(1).text()) + " is not a constant, and indexes " + quote(e.operand(0).text()) + " in the context"
	markExpression(d, e.operand(1))
	primary(d, "not a constant")
	if says := x.says(); says != "" && !x.several {
		primary(d, says+" here")
	}
	return true
}

// shift says by how much the message says that a pointer was moved.
func (c *Case) shift() string {
	if off, ok := c.fieldNumber(len(c.match.Fields) - 1); ok {
		if off < 0 {
			return bytesOf(-off) + " backwards"
		}
		return bytesOf(off)
	}
	return "some bytes"
}

// tellMoved labels the arithmetic that a pointer went through.
func (c *Case) tellMoved(d *diag.Diagnostic, l verifierlog.Loc, text string) {
	if k, ok := c.moved(c.last, l); ok {
		c.tell(d, k.Step, k.Loc, text)
	}
}

// tellOffset says what the offset is that was added to a pointer, if it has a range.
func (c *Case) tellOffset(d *diag.Diagnostic, l verifierlog.Loc) {
	k, ok := c.moved(c.last, l)
	if !ok {
		return
	}
	for _, from := range k.From {
		v, known := c.Path.Before(k.Step, from)
		if !known || v.Base != verifierlog.Scalar {
			continue
		}
		if r := rangeOf(v); r != "" {
			note(d, "the offset is %s", r)
		}
	}
}

// chosen finds the two members between which the failing statement chooses, as
// in `cond ? skb->mark : skb->priority`.
func (c *Case) chosen() (left, right string, ok bool) {
	at, file, found := c.source(c.Path.Insn(c.last))
	if !found || at.Stmt == nil {
		return "", "", false
	}
	var find func(e *sourcetext.Node)
	find = func(e *sourcetext.Node) {
		if e == nil || ok {
			return
		}
		if e.Kind == sourcetext.Conditional && len(e.Operands) == 3 {
			l, r := e.Operands[1], e.Operands[2]
			if l != nil && r != nil && l.Kind == sourcetext.Member && r.Kind == sourcetext.Member {
				left, right, ok = quote(file.Text(l.Span)), quote(file.Text(r.Span)), true
				return
			}
		}
		for _, o := range e.Operands {
			find(o)
		}
	}
	for _, e := range at.Stmt.Exprs {
		find(e)
	}
	return left, right, ok
}

// wroteMember says whether the failing place in the source is a field of
// something, as in `skb->mark`.
func (c *Case) wroteMember() (string, bool) {
	at, file, ok := c.source(c.Path.Insn(c.last))
	if !ok || at.Expr == nil || at.Expr.Kind != sourcetext.Member {
		return "", false
	}
	if len(at.Expr.Operands) == 1 && at.Expr.Operands[0].Kind != sourcetext.Name {
		return "", false
	}
	return quote(file.Text(at.Expr.Span)), true
}

// movedPointer: a pointer that has to be used as it came (__check_ptr_off_reg).
func movedPointer(c *Case, d *diag.Diagnostic) {
	primary(d, "used here")
	if c.failing().Op == verifierlog.OpCall {
		primary(d, "passed here")
	}
	kind := c.field(0)
	d.Message = "this pointer of type `" + kind + "` was moved, and has to be used as it came"
	l, ok := c.addressed()
	if !ok {
		return
	}
	v := c.at(l)
	if s := c.failing(); s.Op == verifierlog.OpStore && s.Src >= 0 && v.Base == verifierlog.MapValue && !strings.HasPrefix(kind, "map_value") {
		l = verifierlog.Reg(s.Frame, s.Src) // a kptr that is stored (map_kptr_match_type)
		v = c.at(l)
		primary(d, "stored here")
	}
	c.markArgument(d, l.Reg)
	what := pointerKind(v)
	if v.Base == verifierlog.NotInit || v.Base == verifierlog.Scalar {
		what = "a pointer of type `" + kind + "`"
	}
	name := c.exact(c.last, l, "this pointer")
	switch {
	case c.said("variable"):
		d.Message = name + " was moved by a variable offset, and has to be used as it came"
		c.tellMoved(d, l, "the variable offset is added here")
		c.tellOffset(d, l)
	default:
		d.Message = fmt.Sprintf("%s was moved by %s, and has to be used as it came", name, c.shift())
		c.tellMoved(d, l, "moved by "+c.shift()+" here")
	}
	link := c.made(c.last, l)
	if made, ok := c.Path.After(link.Step, link.Loc); ok && c.failing().Op == verifierlog.OpCall && !c.said("variable") && link.Kind == verifierlog.LinkResult && made.Offset == v.Offset && made.Flags&verifierlog.MaybeNull != 0 {
		// It came so: of lists and trees the kernel gives the address of the node in the object.
		recode(d, "BPF0102")
		c.nullPassed(d, l)
		return
	}
	c.whence(d, l)
	note(d, "it is %s", what)
	if v.Flags&verifierlog.MaybeNull != 0 || strings.Contains(kind, "or_null") {
		note(d, "an address inside of what may be NULL was computed before the check")
		advise(d, "check the pointer that came back, then compute the address from it")
		if link.Kind == verifierlog.LinkResult {
			c.relabel(d, link.Step, c.whyNull(link.Step))
		}
		return
	}
	if v.Flags&verifierlog.Untrusted != 0 && !c.said("variable") {
		note(d, "the address of a member can be passed on only if the pointer to the structure is trusted")
		advise(d, "come to the structure by a pointer that is: an argument of the program, or one that a kfunc acquired")
		return
	}
	offer(d, "use the pointer as it was returned or passed in", diag.Likely, c.unmovedEdit(argumentNumber(c.field(0))))
}
