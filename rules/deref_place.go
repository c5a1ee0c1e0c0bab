package rules

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/debuginfo"
	"github.com/bpfdiag/bpfdiag/internal/sourcetext"
	"github.com/bpfdiag/bpfdiag/verifierlog"
)

// field is what stood at the n-th wildcard of the kernel's message, "" without one.
func (c *Case) field(n int) string {
	if n < 0 || n >= len(c.match.Fields) {
		return ""
	}
	return c.match.Fields[n]
}

// fieldNumber is a number that the message has.
func (c *Case) fieldNumber(n int) (int64, bool) {
	v, err := strconv.ParseInt(c.field(n), 10, 64)
	return v, err == nil
}

// said says whether the message that was recognised begins like this, with %R
// and the like for its wildcards.
func (c *Case) said(pattern string) bool {
	return c.match.Pattern != nil && strings.HasPrefix(c.match.Pattern.Text, pattern)
}

// exact is the quoted name of a value if the source has one for the very value,
// otherwise what is given.
func (c *Case) exact(step int, l verifierlog.Loc, otherwise string) string {
	if name := c.argument(step, l); name != "" {
		return quote(name)
	}
	if n := c.name(step, l); n.Expr != "" && !n.From {
		return quote(n.Expr)
	}
	return otherwise
}

// access is what the source says of the memory that an instruction reaches: the
// quoted member or element, "" when that is not sure.
func (c *Case) access(insn int) (target string, typ *debuginfo.Type) {
	fn, i, ok := c.function(insn)
	if !ok || c.debug() == nil {
		return "", nil
	}
	a, ok := c.debug().Access(fn, i)
	if !ok {
		return "", nil
	}
	if insn == c.Path.Insn(c.last) {
		// Behind a variable offset it is somewhere else.
		if v := c.at(verifierlog.Reg(c.failing().Frame, a.Base)); isPointer(v) && !v.Const && v.Bounds.Mask != 0 {
			return "", nil
		}
	}
	if a.Target.Expr == "" || a.Target.How == debuginfo.From || a.Target.Likely {
		return c.member(insn), nil
	}
	return quote(a.Target.Expr), a.Target.Type
}

// member is the quoted member that stands at an instruction's place in the
// source, by itself or as what is assigned to; "" if none does.
func (c *Case) member(insn int) string {
	at, file, ok := c.source(insn)
	if !ok || at.Expr == nil {
		return ""
	}
	e := at.Expr
	switch e.Kind {
	case sourcetext.Assign, sourcetext.Postfix, sourcetext.Unary:
		if len(e.Operands) == 0 || e.Kind == sourcetext.Unary && e.Operator != "++" && e.Operator != "--" {
			return ""
		}
		e = e.Operands[0]
	}
	if e.Kind != sourcetext.Member {
		return ""
	}
	return quote(file.Text(e.Span))
}

// whence tells where a pointer comes from, as origin does, and what it was then.
func (c *Case) whence(d *diag.Diagnostic, l verifierlog.Loc) verifierlog.Link {
	link := c.origin(d, c.last, l, "")
	if link.Kind == verifierlog.LinkLoad {
		if v, ok := c.Path.After(link.Step, link.Loc); ok && isPointer(v) {
			c.relabel(d, link.Step, pointerKind(v))
		}
	}
	return link
}

// failing is the instruction that the verifier gave up at.
func (c *Case) failing() verifierlog.Step { return c.Path.Step(c.last) }

// stores says whether the failing instruction writes memory.
func (c *Case) stores() bool {
	op := c.failing().Op
	return op == verifierlog.OpStore || op == verifierlog.OpAtomic
}

// addressed is the register through which the failing instruction accesses
// memory, or, of a call, the register that the message names.
func (c *Case) addressed() (verifierlog.Loc, bool) {
	s := c.failing()
	if s.Mem.Base >= 0 {
		return verifierlog.Reg(s.Frame, s.Mem.Base), true
	}
	for _, f := range c.match.Fields {
		if l, ok := c.fault(f); ok {
			return l, true
		}
	}
	for r := 1; r <= 5 && s.Op == verifierlog.OpCall && c.said("variable ctx"); r++ {
		l := verifierlog.Reg(s.Frame, r)
		if v := c.at(l); v.Base == verifierlog.Ctx && !v.Const && v.Bounds.Mask != 0 {
			return l, true
		}
	}
	return verifierlog.Loc{}, false
}

// at is what was known of a place when the verifier gave up.
func (c *Case) at(l verifierlog.Loc) verifierlog.Value {
	v, _ := c.Path.Before(c.last, l)
	return v
}

// root is where a value was made, also behind arithmetic: what was loaded, returned,
// or there from the begin.
func (c *Case) root(step int, l verifierlog.Loc) verifierlog.Link {
	link := verifierlog.Link{Step: -1, Loc: l}
	for _, k := range c.Path.Chain(step, l) {
		link = k
		switch k.Kind {
		case verifierlog.LinkMove, verifierlog.LinkSpill, verifierlog.LinkFill, verifierlog.LinkArgument, verifierlog.LinkReturn,
			verifierlog.LinkArith, verifierlog.LinkMove32, verifierlog.LinkExtend:
			continue
		}
		return link
	}
	return link
}

// dereferenced is the quoted name of the pointer that the failing access goes
// through: that of the value, or what stands in front of the arrow in the source.
func (c *Case) dereferenced(l verifierlog.Loc) string {
	if at, file, ok := c.source(c.Path.Insn(c.last)); ok && at.Expr != nil {
		e := at.Expr
		if (e.Kind == sourcetext.Assign || e.Kind == sourcetext.Postfix) && len(e.Operands) > 0 {
			e = e.Operands[0]
		}
		if e.Kind == sourcetext.Member && len(e.Operands) == 1 && e.Operands[0].Kind == sourcetext.Name &&
			strings.HasPrefix(file.Text(sourcetext.Span{Start: e.Operands[0].End, End: e.End}), "->") {
			return quote(file.Text(e.Operands[0].Span))
		}
	}
	return c.exact(c.last, l, "")
}

// moved is the latest arithmetic that a pointer went through.
func (c *Case) moved(step int, l verifierlog.Loc) (verifierlog.Link, bool) {
	for _, k := range c.Path.Chain(step, l) {
		if k.Kind == verifierlog.LinkArith {
			return k, true
		}
	}
	return verifierlog.Link{}, false
}

// bytesText counts bytes that a message gives.
func bytesText(n string) string {
	if n == "1" {
		return "1 byte"
	}
	return n + " bytes"
}

// pointerKind says what a pointer is, as kindOf does, also of the rarer kinds.
func pointerKind(v verifierlog.Value) string {
	switch v.Base {
	case verifierlog.DynptrPtr:
		return "a dynptr that the kernel passed"
	case verifierlog.FlowKeys:
		return "a pointer to flow keys"
	case verifierlog.FuncPtr:
		return "the address of a function"
	case verifierlog.TPBuffer:
		return "a pointer to the tracepoint's buffer"
	case verifierlog.InsnPtr:
		return "the address of an instruction"
	}
	return kindOf(v)
}

// bytesOf counts bytes in words: "1 byte", "8 bytes".
func bytesOf(n int64) string {
	if n == 1 {
		return "1 byte"
	}
	return fmt.Sprintf("%d bytes", n)
}
