package rules

import (
	"fmt"
	"strings"

	"github.com/bpfdiag/bpfdiag/internal/debuginfo"
	"github.com/bpfdiag/bpfdiag/verifierlog"
)

// named is what the source calls a value.
type named struct {
	// Expr is in the source language: `stats`, `&key`; "" when nothing tells.
	Expr string
	// Likely says that Expr is not proven.
	Likely bool
	// From says that the value was computed from Expr, and is not it.
	From bool
	Type *debuginfo.Type // of Expr, nil when unknown
}

// info answers questions about the object; nil without one.
func (c *Case) debug() *debuginfo.Info {
	if c.info == nil && c.Object != nil {
		c.info = debuginfo.New(c.Object)
	}
	return c.info
}

// name is what the source calls the value of a place in front of a step.
func (c *Case) name(step int, l verifierlog.Loc) named {
	in := c.debug()
	insn := c.Path.Insn(step)
	if in == nil || c.Locate == nil || insn < 0 {
		return named{}
	}
	// Registers of an outer frame are those of the call that is under way.
	if frame := c.Path.Step(step).Frame; l.Frame != frame {
		if step = c.Path.Callsite(step, l.Frame+1); step < 0 {
			return named{}
		}
		insn = c.Path.Insn(step)
	}
	fn, i, ok := c.Locate(insn)
	if !ok {
		return named{}
	}
	if l.Reg < 0 {
		for _, p := range in.Stack(fn, i, int64(l.Slot), 8) {
			if p.Expr != "" {
				return named{Expr: p.Expr, Type: p.Type, Likely: p.Likely}
			}
		}
		return named{}
	}
	for _, n := range in.Register(fn, i, l.Reg) {
		if n.Expr != "" {
			return named{Expr: n.Expr, Type: n.Type, Likely: n.Likely, From: n.How == debuginfo.From}
		}
	}
	return named{}
}

// call is what the source says of a value, for a sentence: "`stats`", "a value computed from
// `len`", "r1".
func (c *Case) say(step int, l verifierlog.Loc) string {
	switch n := c.name(step, l); {
	case n.Expr == "" && l.Reg < 0:
		return fmt.Sprintf("the stack at fp%d", l.Slot)
	case n.Expr == "":
		return fmt.Sprintf("r%d", l.Reg)
	case n.From:
		return "a value computed from " + quote(n.Expr)
	default:
		return quote(n.Expr)
	}
}

// quote puts code into backticks, on one line and not longer than a headline bears.
func quote(code string) string {
	code = strings.Join(strings.Fields(code), " ")
	if r := []rune(code); len(r) > 60 {
		code = string(r[:57]) + "..."
	}
	return "`" + strings.ReplaceAll(code, "`", "'") + "`"
}
