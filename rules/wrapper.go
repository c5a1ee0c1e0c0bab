package rules

import (
	"regexp"
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/debuginfo"
	"github.com/bpfdiag/bpfdiag/internal/lazyregexp"
	"github.com/bpfdiag/bpfdiag/internal/object"
	"github.com/bpfdiag/bpfdiag/internal/sourcetext"
	"github.com/bpfdiag/bpfdiag/verifierlog"
)

// wrapped says whether an inlined call is that of a macro for programs: BPF_PROG,
// BPF_KPROBE and their kin of libbpf's bpf_tracing.h make two functions of one, a
// program that takes the context, and `____name` with the body, which it calls. For
// whoever wrote it, they are one.
func wrapped(in debuginfo.Inlined) bool { return in.Function == "____"+in.Caller }

// unwrap takes such a call out of a label.
func unwrap(l *diag.Label, inlined []debuginfo.Inlined) {
	for _, in := range inlined {
		if !wrapped(in) {
			l.InlinedFrom = append(l.InlinedFrom, diag.Call{Function: in.Caller, File: in.File, Line: in.Line, Column: in.Column})
			continue
		}
		if n := len(l.InlinedFrom); n > 0 {
			l.InlinedFrom[n-1].Function = in.Caller
		} else {
			l.Function = in.Caller
		}
	}
}

// parameterOf is the program's own parameter that an instruction loads from the
// context, as BPF_PROG and its kin declare it: "" without one. The name is the
// value's behind the instruction.
func (c *Case) parameterOf(step int) string {
	if step < 0 {
		return ""
	}
	// Debug information has the parameter from a later instruction on, where the
	// inlined function begins.
	load := c.Path.Step(step)
	for i := step + 1; i <= c.last && i <= step+8 && load.Dst >= 0; i++ {
		s := c.Path.Step(i)
		fn, at, ok := c.function(s.Insn.Index)
		if !ok || c.debug() == nil || s.Frame != load.Frame {
			break
		}
		if name := c.parameterIn(fn, at, load.Dst); name != "" {
			return name
		}
		if s.Dst == load.Dst {
			break
		}
	}
	if fn, at, ok := c.function(load.Insn.Index); ok && step == c.last && c.debug() != nil && load.Dst >= 0 {
		if name := c.parameterIn(fn, at+1, load.Dst); name != "" {
			return name
		}
	}
	base, ok := c.Path.Before(step, verifierlog.Reg(load.Frame, max(load.Mem.Base, 0)))
	if load.Op != verifierlog.OpLoad || !ok || base.Base != verifierlog.Ctx {
		return ""
	}
	if p := c.parameters(load.Insn.Index); load.Mem.Offset%8 == 0 && int(load.Mem.Offset)/8 < len(p) {
		return lastName.FindString(p[load.Mem.Offset/8])
	}
	return ""
}

var lastName = lazyregexp.New(`\w+$`)

// parameters are the declarations of a program's parameters as BPF_PROG has them,
// of which the n-th is the context's n-th eight bytes.
func (c *Case) parameters(insn int) (all []string) {
	at, file, ok := c.source(insn)
	if !ok || at.Function.Body.Start <= at.Function.Start {
		return nil
	}
	_, list, ok := strings.Cut(file.Text(sourcetext.Span{Start: at.Function.Start, End: at.Function.Body.Start}), "BPF_PROG(")
	if !ok || strings.Count(list, ")") != 1 {
		return nil
	}
	for i, p := range strings.Split(list[:strings.Index(list, ")")], ",") {
		if i > 0 { // behind the program's name
			all = append(all, strings.Join(strings.Fields(p), " "))
		}
	}
	return all
}

// parameterIn is the parameter that a register has in front of an instruction.
func (c *Case) parameterIn(fn *object.Function, i, reg int) string {
	for _, name := range c.debug().Register(fn, i, reg) {
		if name.Var != nil && name.Var.Param && !name.Likely && name.Expr == name.Var.Name {
			return name.Expr
		}
	}
	return ""
}

// argument is the parameter that a value was loaded as from the context; "" if it
// was made in another way.
func (c *Case) argument(step int, l verifierlog.Loc) string {
	k := c.made(step, l)
	if v, ok := c.Path.Before(step, l); ok && v.Offset != 0 {
		return "" // moved since
	}
	if k.Kind != verifierlog.LinkLoad || k.Step < 0 || c.memoryBefore(k).Base != verifierlog.Ctx {
		return ""
	}
	return c.parameterOf(k.Step)
}

// coverParameter narrows a label of a function's head, `int BPF_PROG(name, struct
// file *file)`, to the parameter that its instruction loads.
func (c *Case) coverParameter(l *diag.Label, file *sourcetext.File, at sourcetext.Place) {
	if at.Stmt != nil || at.Function.Body.Start <= at.Span.Start {
		return
	}
	visits := c.Path.Visits(*l.Insn)
	if len(visits) == 0 {
		return
	}
	name := c.parameterOf(visits[len(visits)-1])
	if name == "" {
		return
	}
	head := sourcetext.Span{Start: at.Function.Start, End: at.Function.Body.Start}
	found := regexp.MustCompile(`[(,]\s*([^(),]*\b`+regexp.QuoteMeta(name)+`)\s*[,)]`).FindAllStringSubmatchIndex(file.Text(head), -1)
	if len(found) != 1 {
		return
	}
	cover(l, file, sourcetext.Span{Start: head.Start + found[0][2], End: head.Start + found[0][3]})
}

// attachedTo is the kernel's function that the program's section names: "vfs_read"
// of "fexit/vfs_read".
func (c *Case) attachedTo() string {
	_, target, _ := strings.Cut(strings.TrimPrefix(c.Program.Section, "?"), "/")
	return target
}
