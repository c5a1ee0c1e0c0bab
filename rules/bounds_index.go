package rules

import (
	"fmt"
	"math"

	"github.com/bpfdiag/bpfdiag/internal/debuginfo"
	"github.com/bpfdiag/bpfdiag/internal/sourcetext"
	"github.com/bpfdiag/bpfdiag/verifierlog"
)

// index is the number that makes an address variable.
type index struct {
	found bool
	step  int             // in front of which
	loc   verifierlog.Loc // this place holds it
	value verifierlog.Value
	known bool
	scale int64  // bytes for each
	name  string // in the source, "" when unknown
	// result is the function that returned it, of a number without a name.
	result string
	typ    *debuginfo.Type // of name
	// several says that more than one number was added: no bound of this one
	// alone is enough.
	several bool
	// taken says that it is subtracted from the address.
	taken  bool
	added  int        // the step that adds it to the address
	fixed  int64      // what is added to the address beside it
	based  bool       // fixed is known
	e      expression // what stands in the brackets, if that is the number
	inside expression // what stands in the brackets
	array  string
	length int64 // elements of array, 0 when unknown
}

// index finds the number in the address that a place has in front of a
// step, with offset added to it by the instruction. e is the access in the
// source, if it is known.
func (c *Case) index(step int, l verifierlog.Loc, offset int64, e expression) (x index) {
	fixed := offset
	x.step = -1
	for _, k := range c.Path.Chain(step, l) {
		s := c.Path.Step(k.Step)
		if k.Kind != verifierlog.LinkArith {
			continue
		}
		if len(k.From) < 2 {
			if s.HasImm && s.Operator == "+=" {
				fixed += s.Imm
			} else if s.HasImm && s.Operator == "-=" {
				fixed -= s.Imm
			}
			continue
		}
		p, pok := c.Path.Before(k.Step, k.From[0])
		v, vok := c.Path.Before(k.Step, k.From[1])
		n := k.From[1]
		if pok && p.Base == verifierlog.Scalar {
			p, v, n, pok, vok = v, p, k.From[0], vok, pok
		}
		if vok && v.Base == verifierlog.Scalar && v.Const {
			if !x.found && x.step < 0 {
				x.step, x.added, x.loc, x.scale = k.Step, k.Step, n, 1
			}
			if s.Operator == "-=" {
				fixed -= v.Number
			} else {
				fixed += v.Number
			}
			continue
		}
		if x.found {
			x.several = true
			break
		}
		x.found, x.step, x.added, x.loc, x.scale = true, k.Step, k.Step, n, 1
		x.taken = s.Operator == "-="
		if pok {
			x.fixed, x.based = fixed+p.Offset, true
			if p.Const {
				x.fixed += p.Number
			}
		}
	}
	if !x.found {
		return x.constant(c, fixed, e)
	}
	c.unscale(&x)
	x.value, x.known = c.Path.Before(x.step, x.loc)
	c.nameIndex(&x, e.indexed())
	if x.e.node == nil {
		x.e = e.part(x.name)
	}
	return x
}

// constant is the index whose value is known at every step, as in a loop that the
// verifier goes through pass by pass, if the source has one in brackets; fixed is
// all that is added to the address. It counts as not found: no bound is missing.
func (x index) constant(c *Case, fixed int64, e expression) index {
	i := e.indexed().operand(1)
	if x.step < 0 || !i.simple() {
		return index{}
	}
	c.unscale(&x)
	x.value, x.known = c.Path.Before(x.step, x.loc)
	c.nameIndex(&x, e.indexed())
	if x.name != i.text() || !x.known || !x.value.Const {
		return index{}
	}
	x.fixed, x.based = fixed-x.scale*x.value.Number, true
	return x
}

// unscale goes back to what was multiplied by the size of an element.
func (c *Case) unscale(x *index) {
	for range 16 {
		k := c.Path.Origin(x.step, x.loc)
		if len(k.From) != 1 || k.Step < 0 {
			return
		}
		if at, _, ok := c.source(c.Path.Insn(k.Step)); ok && k.Kind == verifierlog.LinkArith && at.Expr != nil &&
			(at.Expr.Kind == sourcetext.Binary || at.Expr.Kind == sourcetext.Assign && at.Expr.Operator != "=") {
			return // the source computes, not the compiler for an address
		}
		switch s := c.Path.Step(k.Step); {
		case k.Kind == verifierlog.LinkMove, k.Kind == verifierlog.LinkSpill, k.Kind == verifierlog.LinkFill:
		case k.Kind == verifierlog.LinkArith && s.HasImm && s.Operator == "<<=" && s.Imm >= 0 && s.Imm < 16 && s.Wide:
			x.scale <<= s.Imm
		case k.Kind == verifierlog.LinkArith && s.HasImm && s.Operator == "*=" && s.Imm > 0 && s.Imm < 1<<16 && s.Wide:
			x.scale *= s.Imm
		default:
			return
		}
		if x.scale > 1<<20 {
			return
		}
		x.step, x.loc = k.Step, k.From[0]
	}
}

// nameIndex says what the source calls the number. What debug information
// says of the register counts before what stands in the brackets, which may be
// something the number was made part of.
func (c *Case) nameIndex(x *index, e expression) {
	n := c.name(x.step, x.loc)
	if n.Expr != "" && !n.From && !n.Likely {
		x.name, x.typ = n.Expr, n.Type
	}
	i := e.operand(1)
	a := c.typeOf(e.operand(0))
	if el := element(a); el != nil && el.ByteSize() > 0 && el.ByteSize() != x.scale {
		return // the number is not the index alone
	}
	if !x.several {
		x.inside = i
	}
	if i.simple() && (x.name == "" || isName(i.text()) && !isName(x.name)) && !x.several {
		x.name, x.typ = i.text(), c.typeOf(i)
	}
	if i.node != nil && i.text() == x.name {
		x.e = i
	}
	if i.node == nil {
		return
	}
	if a != nil {
		if u := a.Underlying(); u.Kind == debuginfo.Array && u.Len > 0 && u.Elem().ByteSize() == x.scale && i.text() == x.name {
			x.array, x.length = e.operand(0).text(), u.Len
		}
	}
}

// says what the number may be: "anything from 0 to 32", "" when unknown.
func (x *index) says() string {
	if !x.known {
		return ""
	}
	if b := x.value.Bounds; x.typ == nil && !x.value.Const && b.Smin < 0 && b.Smin > math.MinInt32 && b.Smax < math.MaxInt32 {
		return between(fmt.Sprint(b.Smin), fmt.Sprint(b.Smax)) // an offset, which is signed
	}
	return rangeOf(x.value)
}

// noun names the number in a sentence.
func (x *index) noun() string {
	switch {
	case x.name != "":
		return quote(x.name)
	case x.result != "":
		return "what " + quote(x.result) + " returns"
	case x.inside.node != nil:
		return quote(x.inside.text())
	}
	return "the index"
}

// signed says that the number may be negative.
func (x *index) signed() bool {
	return x.known && x.value.Bounds.Smin < 0 && (x.typ == nil || x.typ.Underlying().Signed)
}

// room is how many elements from 0 on lie inside an object of a size, when size bytes
// are accessed at each; 0 when nobody knows.
func (x *index) room(object, size int64) int64 {
	if x.length > 0 && size <= x.scale {
		return x.length
	}
	if x.length > 0 {
		return max((x.length*x.scale-size)/x.scale+1, 0)
	}
	if !x.based || x.several || object <= 0 || x.fixed < 0 || x.fixed+size > object {
		return 0
	}
	return (object-x.fixed-size)/x.scale + 1
}
