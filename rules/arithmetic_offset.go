package rules

import (
	"fmt"
	"math"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/debuginfo"
	"github.com/bpfdiag/bpfdiag/verifierlog"
)

var (
	_ = rule("BPF0306", offsetUnbounded)
	_ = ruleByPath("BPF0307", offsetTooLarge)
)

// maxOffset is how far a pointer can be moved (BPF_MAX_VAR_OFF in
// include/linux/bpf_verifier.h).
const maxOffset = 1 << 29

// farOut is what no check says: a bound that follows from the type, times the
// size of an element.
const farOut = math.MaxInt64 / 2

// offsetUnbounded: what is added to a pointer has no lower bound
// (check_reg_sane_offset in kernel/bpf/verifier.c).
func offsetUnbounded(c *Case, d *diag.Diagnostic) {
	d.Message = "an offset without bounds is added to a pointer"
	primary(d, "added to a pointer here")
	dst, src, pointer, ok := c.operands()
	if !ok || src.Reg < 0 {
		return
	}
	offset := src
	if pointer == src {
		offset = dst
	}
	if c.divided(d, offset, pointer) {
		return
	}
	c.explainOffset(d, offset, pointer, "")
}

// offsetTooLarge: the offset is a number too far from 0, or may be.
func offsetTooLarge(c *Case, d *diag.Diagnostic) {
	primary(d, "added to a pointer here")
	dst, src, pointer, ok := c.operands()
	offset := src
	if ok && pointer == src {
		offset = dst
	}
	n, _ := c.fieldNumber(len(c.match.Fields) - 1)
	switch {
	case c.said("value %d makes"):
		n, _ = c.fieldNumber(0)
		d.Message = fmt.Sprintf("an offset that may be %d is added to a pointer", n)
		if ok && offset.Reg >= 0 {
			c.explainOffset(d, offset, pointer, fmt.Sprintf("may be as low as %d", n))
		}
	case c.failing().Op == verifierlog.OpALU && c.failing().Operator != "+=" && c.failing().Operator != "-=":
		// The offset is looked at before the operator.
		recode(d, "BPF0302")
		c.match.Fields = []string{"", c.failing().Operator}
		pointerOperator(c, d)
		return
	case c.said("%s pointer offset") && n == math.MinInt64:
		d.Message = "a pointer whose offset has no bounds is moved again"
	case c.said("%s pointer offset"):
		d.Message = fmt.Sprintf("a pointer that was moved by %d already is moved again", n)
	default:
		d.Message = fmt.Sprintf("%d is too far to move a pointer", n)
		if ok {
			d.Message = fmt.Sprintf("%d is too far to move %s", n, c.exact(c.last, pointer, "a pointer"))
			note(d, "the pointer is %s", pointerKind(c.at(pointer)))
			c.whence(d, pointer)
		}
		if ok && offset.Reg >= 0 {
			c.whence(d, offset)
		}
	}
	note(d, "a pointer can be moved by less than %d, forward or back", maxOffset)
}

// explainOffset tells where an offset comes from, which checks there are, and
// which one is missing. is says what is wrong with it, "" that bounds are missing.
func (c *Case) explainOffset(d *diag.Diagnostic, offset, pointer verifierlog.Loc, is string) {
	n := c.name(c.last, offset)
	v := c.at(offset)
	value := "the offset"
	switch {
	case n.Expr != "" && n.From:
		value = "an offset computed from " + quote(n.Expr)
	case n.Expr != "":
		value = quote(n.Expr)
	}
	to := pointerKind(c.at(pointer))
	if name := c.exact(c.last, pointer, ""); name != "" {
		to = name
	}
	primary(d, "added here")

	root := c.root(c.last, offset)
	c.tell(d, root.Step, root.Loc, c.numberFrom(root))
	compiler, checked, upper := false, false, v.Base == verifierlog.Scalar && v.Bounds.Smax < farOut
	checks := c.Path.Checks(c.last, offset)
	for i := max(0, len(checks)-3); i < len(checks); i++ {
		k := checks[i]
		lost := k.Relation == verifierlog.RelDerived || k.Relation == verifierlog.RelCommon || k.Narrowed && k.HasSubject && !k.SubjectNarrowed
		switch {
		case lost && k.Narrowed:
			compiler = c.tell(d, k.Step, k.Loc, "this check is of another copy") || compiler
		case k.Narrowed && k.AfterKnown:
			checked = true
			upper = upper || k.After.Bounds.Smax < maxOffset || !k.Wide && k.After.Bounds.Smax32 < math.MaxInt32
			if r := signedRange(k.After.Bounds, k.Wide); r != "" {
				c.tell(d, k.Step, k.Loc, "behind this check "+c.exact(k.Step, k.Loc, "it")+" is "+r)
			}
		}
	}
	switch {
	case is == "" && upper:
		is = "has no lower bound"
	case is == "":
		is = "has no bounds"
	}
	d.Message = fmt.Sprintf("%s %s where it is added to %s", value, is, to)
	if v.Base == verifierlog.Scalar {
		if r := signedRange(v.Bounds, true); r != "" {
			note(d, "the offset is %s, and a pointer can be moved by less than %d", r, maxOffset)
		} else {
			note(d, "the verifier knows no bound of the offset, and a pointer can be moved by less than %d", maxOffset)
		}
	}
	if compiler && !checked {
		d.Class = diag.ClassCompiler
		note(d, "the compiler checks a copy in another register, or of another width, which the verifier does not know to be the same")
		advise(d, "make the index unsigned and 64 bits wide before it is checked, so that no conversion stands between the check and the use")
		return
	}
	c.offsetHelp(d, n, upper)
}

// signedRange says what a number may be as a signed one, which is how offsets are
// added: "at most 63, also negative". "" if it may be anything.
func signedRange(b verifierlog.Bounds, wide bool) string {
	lo, hi, bits := b.Smin, b.Smax, ""
	if !wide {
		lo, hi, bits = int64(b.Smin32), int64(b.Smax32), " as a 32-bit number"
	}
	noLower, noUpper := lo <= -farOut || !wide && lo == math.MinInt32, hi >= farOut || !wide && hi == math.MaxInt32
	switch {
	case noLower && noUpper:
		return ""
	case noLower:
		return fmt.Sprintf("at most %d%s, also negative", hi, bits)
	case noUpper:
		return fmt.Sprintf("at least %d%s", lo, bits)
	}
	return between(fmt.Sprint(lo), fmt.Sprint(hi)) + bits
}

// offsetHelp says which check is missing; upper says that there is one of the
// upper bound.
func (c *Case) offsetHelp(d *diag.Diagnostic, n named, upper bool) {
	v := c.variable(n.Expr)
	signed := v != nil && v.Type != nil && v.Type.Underlying().Signed
	switch {
	case upper && signed:
		h := c.guard(c.Path.Insn(c.last), "check that "+quote(n.Expr)+" is not negative, or make it unsigned", n.Expr+" < 0")
		d.Helps = append(d.Helps, atMost(h, diag.Likely)) // the offset may be too large still
	case upper:
		advise(d, "make the index unsigned, or check that it is not negative, before it is used")
	case n.Expr != "":
		advise(d, "check %s against the size of what it indexes, as an unsigned number", quote(n.Expr))
	default:
		advise(d, "check the index against the size of what it indexes, as an unsigned number")
	}
}

// variable is the variable of that name in scope where the verifier gave up.
func (c *Case) variable(name string) *debuginfo.Variable {
	fn, i, ok := c.function(c.Path.Insn(c.last))
	if !ok || c.debug() == nil || name == "" {
		return nil
	}
	for _, v := range c.debug().Variables(fn, i) {
		if v.Name == name {
			return v.Variable
		}
	}
	return nil
}

// numberFrom says where a number comes from.
func (c *Case) numberFrom(k verifierlog.Link) string {
	s := c.Path.Step(k.Step)
	switch k.Kind {
	case verifierlog.LinkLoad:
		switch m := c.memoryBefore(k); m.Base {
		case verifierlog.MapValue:
			return "loaded from a value of a map: it may be any number"
		case verifierlog.Packet, verifierlog.PacketMeta:
			return "loaded from the packet: it may be any number"
		}
		return "loaded here: it may be any number of its type"
	case verifierlog.LinkResult:
		return "returned by " + quote(string(s.Func))
	}
	return c.made2text(k)
}
