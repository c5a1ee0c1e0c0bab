package rules

import (
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/object"
	"github.com/bpfdiag/bpfdiag/verifierlog"
)

var (
	_ = rule("BPF0510", argumentType)
	_ = rule("BPF0511", argumentType)
	_ = rule("BPF0512", argumentType)
	_ = rule("BPF0515", argumentType)
)

// argumentType: a pointer of the wrong kind, or a number, is passed to a
// function (check_reg_type, check_mem_reg, btf_check_func_arg_match in
// kernel/bpf/verifier.c and btf.c).
func argumentType(c *Case, d *diag.Diagnostic) {
	a, ok := c.badArgument(d)
	if !ok {
		d.Message = "an argument is not what the function takes"
		return
	}
	want := wantedType(c.expectedTypes(), a.callee, a.n)
	got, v := c.passedType(a)
	d.Message = a.callee.String() + " takes " + want + " as " + a.callee.parameter(a.n)
	if n := c.memorySize(a.callee, a.n); n > 0 && v.Base == verifierlog.Scalar {
		note(d, "%s is a pointer to %s that the program can read", a.callee.parameter(a.n), inBytes(int64(n)))
	}
	if got != "" {
		d.Message += ", not " + got
		primary(d, "this is "+got)
	} else {
		primary(d, "this is something else")
	}
	switch {
	case v.Base == verifierlog.Scalar:
		c.tellArgumentNumber(d, a)
	case v.Base == verifierlog.NotInit:
		c.tellArgumentLost(d, a)
	default:
		c.argumentOrigin(d, a)
	}
	c.adviseArgument(d, a, want, v)
}

// badArgument is an argument that a message complains about.
type badArgument struct {
	callee callTarget
	n      int             // its number, from 1
	loc    verifierlog.Loc // where it is passed, in front of step last
	// Text is its expression in the source, "" where that does not show it.
	Text string
}

// written says that the function writes to what the argument points to. A type without
// const does not prove it: `data` of bpf_ringbuf_output has none.
func (a *badArgument) written() bool {
	switch strings.Trim(a.callee.parameter(a.n), "`") {
	case "dst", "to", "buf", "str", "res":
		return !a.callee.Own && !strings.HasPrefix(a.callee.paramType(a.n), "const ")
	}
	return false
}

// argumentExpr is the argument in a sentence, "" when nobody knows a name for it.
func (c *Case) argumentExpr(a badArgument) string {
	if a.Text != "" {
		return quote(a.Text)
	}
	if n := c.name(c.last, a.loc); n.Expr != "" && !n.From && !n.Likely {
		return quote(n.Expr)
	}
	return ""
}

// badArgument finds the argument that the message names first and marks it.
func (c *Case) badArgument(d *diag.Diagnostic) (a badArgument, ok bool) {
	for _, f := range c.match.Fields {
		if a.n = argumentNumber(f); a.n > 0 {
			break
		}
	}
	return c.argumentOf(d, a.n)
}

// argumentOf is the n-th argument of the call that the path ends with; it marks it.
func (c *Case) argumentOf(d *diag.Diagnostic, n int) (a badArgument, ok bool) {
	a.n = n
	if a.loc, ok = c.argumentPlace(n); !ok {
		return a, false
	}
	if s := c.Path.Step(c.last); s.Op != verifierlog.OpCall {
		return a, false
	}
	a.callee = c.callTarget("")
	a.Text = c.markArgument(d, a.n)
	c.evidence(c.last, a.loc)
	if strings.HasSuffix(a.callee.paramName(a.n+1), "__sz") { // a kfunc's memory and how much of it
		c.evidence(c.last, verifierlog.Reg(a.loc.Frame, a.loc.Reg+1))
	}
	return a, true
}

// memorySize is the size of what a parameter points to, 0 if the object's types
// do not tell.
func (c *Case) memorySize(k callTarget, n int) uint32 {
	name, ok := strings.CutPrefix(strings.TrimSuffix(strings.TrimPrefix(k.paramType(n), "const "), " *"), "struct ")
	if !ok || c.Object == nil || c.Object.BTF == nil {
		return 0
	}
	size, err := uint32(0), error(nil)
	if id := c.Object.BTF.Find(name, object.KindStruct); id != 0 {
		if size, err = c.Object.BTF.Size(id); err != nil {
			return 0
		}
	}
	return size
}

// expectedTypes is the list of types behind "expected=", which is one word in some patterns.
func (c *Case) expectedTypes() []string {
	_, list, ok := strings.Cut(c.match.Text, "expected=")
	if !ok {
		switch {
		case strings.Contains(c.match.Text, "ctx"):
			return []string{"ctx"}
		case strings.HasSuffix(c.match.Text, "is not a scalar"):
			return []string{"scalar"}
		}
		return nil
	}
	return strings.Split(strings.TrimSpace(list), ", ")
}

// passedType says what is passed: what the verifier knows of the register, else the
// word of the message.
func (c *Case) passedType(a badArgument) (string, verifierlog.Value) {
	v, known := c.Path.Before(c.last, a.loc)
	if known && v.Base != verifierlog.OtherType {
		if v.Base == verifierlog.Scalar && v.Const && v.Number == 0 {
			return "0", v
		}
		if v.Base == verifierlog.NotInit {
			return "", v
		}
		if v.Base == verifierlog.Mem && v.Flags&(verifierlog.ReadOnly|verifierlog.Untrusted) != 0 {
			return "a pointer to memory that can only be read", v
		}
		if v.Base == verifierlog.BTFPtr && c.allocated(a.loc) {
			v.Flags |= verifierlog.Alloc
		}
		return kindOf(v), v
	}
	_, word, ok := strings.Cut(c.match.Text, "type=")
	word, _, _ = strings.Cut(word, " ")
	switch {
	case !ok:
		return "", v
	case word == "scalar" || word == "inv":
		return "a number", verifierlog.Value{Base: verifierlog.Scalar}
	case word == "fp":
		return "an address on the stack", verifierlog.Value{Base: verifierlog.FramePtr}
	case word == "ctx":
		return "the context", verifierlog.Value{Base: verifierlog.Ctx}
	case word == "map_value":
		return "a pointer to a map's value", verifierlog.Value{Base: verifierlog.MapValue}
	}
	return "", v
}

// allocated says whether a pointer is to an object that the program made, which the log
// does not tell from one to the kernel's (reg_type_str has no word for MEM_ALLOC).
func (c *Case) allocated(l verifierlog.Loc) bool {
	k := c.made(c.last, l)
	if k.Kind != verifierlog.LinkResult {
		return false
	}
	switch sourceName(string(c.Path.Step(k.Step).Func)) {
	case "bpf_obj_new", "bpf_percpu_obj_new", "bpf_refcount_acquire":
		return true
	}
	return false
}

// wantedType says what a parameter takes, from the verifier's list of types
// (compatible_reg_types in kernel/bpf/verifier.c) and its type in C.
func wantedType(expected []string, k callTarget, n int) string {
	has := map[string]bool{}
	for _, e := range expected {
		has[e] = true
	}
	typ := strings.TrimPrefix(k.paramType(n), "const ")
	is := ""
	if strings.HasPrefix(typ, "struct ") && !strings.HasPrefix(typ, "struct bpf_map ") {
		is = "a " + quote(typ)
	}
	switch {
	case has["scalar"]:
		return "a number"
	case has["ctx"] && len(expected) == 1:
		return "the program's context"
	case has["map_ptr"]:
		return "a map"
	case has["func"]:
		return "a function"
	case has["dynptr_ptr"]:
		return "a dynptr on the stack"
	case has["ringbuf_mem"] && len(expected) == 1, has["alloc_mem"] && len(expected) == 1:
		return "a record that `bpf_ringbuf_reserve` returned"
	case has["sock_common"] || has["sock"]:
		return "a pointer to a socket"
	case has["percpu_ptr_"]:
		return "the address of a per-CPU variable of the kernel"
	case has["map_value"] && len(expected) <= 2:
		if is != "" {
			return is + " in a map's value"
		}
		return "the address of a field in a map's value"
	case is != "":
		return is
	case has["fp"]:
		return "a pointer to memory"
	}
	return "another pointer"
}

// argumentOrigin tells where a pointer that is passed comes from, if that is not the call itself.
func (c *Case) argumentOrigin(d *diag.Diagnostic, a badArgument) verifierlog.Link {
	link := c.made(c.last, a.loc)
	switch link.Kind {
	case verifierlog.LinkResult, verifierlog.LinkLoad, verifierlog.LinkCallback, verifierlog.LinkAddress:
		if c.atPrimary(d, link.Step) {
			break
		}
		if link.Kind == verifierlog.LinkLoad {
			s := c.Path.Step(link.Step)
			if base, ok := c.Path.Before(link.Step, verifierlog.Reg(s.Frame, s.Mem.Base)); ok && base.Base == verifierlog.Ctx {
				c.tell(d, link.Step, link.Loc, "an argument of the program")
				break
			}
		}
		return c.origin(d, c.last, a.loc, "")
	}
	return link
}

// atPrimary says whether a step stems from what the primary label marks.
func (c *Case) atPrimary(d *diag.Diagnostic, step int) bool {
	l, ok := c.label(c.Path.Insn(step), "")
	if !ok {
		return true
	}
	for _, p := range d.Labels {
		if !p.Primary || p.File != l.File {
			continue
		}
		// The argument itself, or something in it.
		from := l.Line > p.Line || l.Line == p.Line && l.Column >= p.Column
		to := l.Line < p.EndLine || l.Line == p.EndLine && l.Column < p.EndColumn
		if from && to {
			return true
		}
		// What the compiler puts into registers for a call is at the call.
		if call, ok := c.label(c.Path.Insn(c.last), ""); ok && l.Line == call.Line && l.Column == call.Column {
			return true
		}
	}
	return false
}
