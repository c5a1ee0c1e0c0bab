package verifierlog

// LinkKind is how a place got its value.
type LinkKind uint8

const (
	LinkUnknown  LinkKind = iota // the log does not say
	LinkNone                     // nothing: it was never written
	LinkEntry                    // there when the walk began: the context, an argument
	LinkFrame                    // r10
	LinkConst                    // r1 = 5, or stored: *(u64 *)(r10 -8) = 0
	LinkAddress                  // r1 = 0x… (18): a map, a global variable, a function, a 64-bit constant
	LinkMove                     // r1 = r2
	LinkMove32                   // w1 = w2: the upper half is lost
	LinkExtend                   // r1 = (s8)r2
	LinkArith                    // r1 += r2: From has both; r1 += 5, r1 = -r1, r1 = be16 r1: From has r1
	LinkSpill                    // *(u64 *)(r10 -8) = r1
	LinkStore                    // a store of less than 8 bytes: *(u32 *)(r10 -4) = r1; From has r1, and the slot for the bytes left
	LinkFill                     // r1 = *(u64 *)(r10 -8), and the same value as in the slot
	LinkRead                     // r1 = *(u32 *)(r10 -8): bytes of the stack; From has the slot
	LinkLoad                     // r1 = *(u32 *)(r2 +8): from other memory; From has the address
	LinkResult                   // r0 of a helper, kfunc or global function
	LinkReturn                   // r0 of a function on the path; From is its r0 at its exit
	LinkArgument                 // r1 to r5 at a function's begin; From is the caller's
	LinkCallback                 // r1 to r5 at a callback's begin: from the kernel
	LinkWritten                  // a slot that a call, or a store through another pointer, wrote
	LinkLost                     // not written: a call took r1 to r5 away, an iterator or dynptr in the slot ended

	numLinkKinds
)

var linkNames = [numLinkKinds]string{
	"unknown", "none", "entry", "frame", "const", "address", "move", "move32", "extend", "arith", "spill", "store", "fill",
	"read", "load", "result", "return", "argument", "callback", "written", "lost",
}

func (k LinkKind) String() string {
	if k < numLinkKinds {
		return linkNames[k]
	}
	return "invalid"
}

// Link is one step of the way that a value came.
type Link struct {
	Kind LinkKind
	// Step is the step that wrote Loc; -1 if it is in front of the path.
	Step int
	Loc  Loc
	// From are the places that it came from, to be asked about in front of
	// Step ([Path.Origin] of Step): one; two of arithmetic with a register and
	// of a store to a part of a slot.
	From []Loc
}

// Origin says how the place got the value that it has in front of step i.
func (p *Path) Origin(i int, l Loc) Link {
	link := Link{Step: noStep, Loc: l}
	m := p.stateAt(i)
	if m == nil {
		return link
	}
	c := m.cell(l)
	if c == nil {
		if v, ok := p.valueAt(i, l); ok && v.Base == NotInit {
			link.Kind = LinkNone
		}
		return link
	}
	def := int(c.def)
	if l.Reg == 10 {
		link.Kind, link.Step = LinkFrame, def
		return link
	}
	if def < p.Begin {
		switch {
		case c.known && c.v.Base == NotInit:
			link.Kind = LinkNone
		case c.known && !p.Truncated:
			link.Kind = LinkEntry
		}
		return link
	}
	link.Step = def
	kept, value := *c, c.vid // m is gone after the next question
	s := p.Step(def)
	p.describe(&link, &s, &kept, value)
	return link
}

// describe says what step s did to link.Loc, which has c behind it.
func (p *Path) describe(link *Link, s *Step, c *cell, value vid) {
	l, in := link.Loc, &s.Insn
	reg := func(r int) []Loc { return []Loc{Reg(s.Frame, r)} }
	if l.Reg < 0 {
		link.Kind = LinkWritten
		switch {
		case c.v.Base == NotInit && in.Op == OpCall:
			link.Kind = LinkLost
		case in.Op == OpStore && in.HasImm:
			if link.Kind = LinkConst; in.Mem.Size < 8 {
				link.Kind = LinkStore
			}
		case (in.Op == OpStore || in.Op == OpAtomic) && in.Src >= 0:
			link.From = reg(in.Src)
			if link.Kind = LinkStore; in.Op == OpStore && in.Mem.Size == 8 && value != made(s.Index, madeMemory) {
				link.Kind = LinkSpill
			} else {
				link.From = append(link.From, l) // the bytes that it leaves
			}
		}
		return
	}
	switch in.Op {
	case OpMov:
		switch {
		case in.HasImm:
			link.Kind = LinkConst
			return
		case in.SignExtend > 0:
			link.Kind = LinkExtend
		case !in.Wide:
			link.Kind = LinkMove32
		default:
			link.Kind = LinkMove
		}
		link.From = reg(in.Src)
	case OpALU:
		link.Kind, link.From = LinkArith, reg(in.Dst)
		if in.Src >= 0 {
			link.From = append(link.From, Reg(s.Frame, in.Src))
		}
	case OpNeg, OpByteOrder, OpArenaCast, OpPercpu:
		r := in.Src
		if r < 0 {
			r = in.Dst
		}
		link.Kind, link.From = LinkArith, reg(r)
	case OpLoadImm:
		link.Kind = LinkAddress
	case OpLoad, OpAtomic:
		link.Kind, link.From = LinkLoad, reg(in.Mem.Base)
		if slot, ok := p.stackSlot(s.Index, s.Frame, in.Mem); ok && in.Op == OpLoad {
			link.Kind, link.From = LinkRead, []Loc{slot}
			if value != made(s.Index, madeResult) {
				link.Kind = LinkFill
			}
		}
	case OpLoadAbs, OpLoadInd:
		if link.Kind, link.From = LinkLoad, reg(6); l.Reg != 0 {
			link.Kind, link.From = LinkLost, nil
		}
	case OpCall:
		switch {
		case l.Frame == s.Frame+1 && in.Call == CallSubprog:
			link.Kind, link.From = LinkArgument, reg(l.Reg)
		case l.Frame == s.Frame+1:
			link.Kind = LinkCallback
		case l.Reg == 0:
			link.Kind = LinkResult
		default:
			link.Kind = LinkLost
		}
	case OpExit:
		link.Kind, link.From = LinkReturn, reg(0)
	}
}

// stackSlot is the slot that a memory operand of step i names.
func (p *Path) stackSlot(i, frame int, a Address) (Loc, bool) {
	m := p.stateAt(i)
	if m == nil || frame >= len(m.frames) {
		return Loc{}, false
	}
	m.depth(frame, i)
	no, off, ok := m.target(a, frame)
	return Slot(no, off), ok
}

// StackSlot is the stack slot that the memory operand of step i reads or
// writes, if it is one and the log tells which.
func (p *Path) StackSlot(i int) (Loc, bool) {
	if !p.has(i) {
		return Loc{}, false
	}
	s := p.Step(i)
	if s.Mem.Base < 0 {
		return Loc{}, false
	}
	return p.stackSlot(i, s.Frame, s.Mem)
}

// maxChain bounds Chain: values in loops come from themselves.
const maxChain = 256

// Chain follows a place back from step i to where its value comes from, the
// latest link first. Of two places in From it follows the pointer, or the first
// if there is none. It ends where a link has no From, or after 256 links.
func (p *Path) Chain(i int, l Loc) []Link {
	var chain []Link
	for len(chain) < maxChain {
		link := p.Origin(i, l)
		chain = append(chain, link)
		if len(link.From) == 0 {
			break
		}
		i, l = link.Step, link.From[0]
		if len(link.From) > 1 {
			a, _ := p.Before(i, link.From[0])
			b, ok := p.Before(i, link.From[1])
			if ok && b.Base != Scalar && b.Base != NotInit && (a.Base == Scalar || a.Base == NotInit) {
				l = link.From[1]
			}
		}
	}
	return chain
}
