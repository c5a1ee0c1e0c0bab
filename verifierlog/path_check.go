package verifierlog

import "slices"

// Relation is what the value that a check compares is to the value asked
// about.
type Relation uint8

const (
	// RelSame: the very place, and the value stayed there since.
	RelSame Relation = iota
	// RelCopy: another place with the same value (moves of 64 bits, spills,
	// fills, arguments). What the check found out holds for the value asked
	// about only if the kernel saw that they are one: compare Before and After
	// of the Check.
	RelCopy
	// RelSource: what the value asked about was made from later, so it may
	// have taken over what the check found out.
	RelSource
	// RelDerived: made from the value asked about, by a move of 32 bits, an
	// extension or arithmetic. The kernel learns nothing about the original.
	RelDerived
	// RelCommon: both come from one value, by different ways. The classic: the
	// compiler checked w1 = w6 and uses r6 <<= 32, r6 >>= 32.
	RelCommon
)

func (r Relation) String() string {
	if r <= RelCommon {
		return [...]string{"same", "copy", "source", "derived", "common"}[r]
	}
	return "invalid"
}

// Check is a conditional jump on the path that compared a value, or one that
// it has to do with.
type Check struct {
	Step     int    // of several visits that compare the same, the last
	First    int    // the first of these visits
	Times    int    // how many
	Operator string // "s>", as printed; "!=" of may be NULL
	Taken    bool   // the path jumps; what holds is the condition, else its opposite
	Wide     bool   // 64 bits are compared
	// Loc is the place compared, and With the other side: a place (HasImm
	// false) or the constant Imm.
	Loc    Loc
	With   Loc
	HasImm bool
	Imm    int64
	// Swapped: Loc is on the right of the operator.
	Swapped  bool
	Relation Relation
	// Before and After are what was known of Loc around the check.
	Before, After     Value
	Known, AfterKnown bool
	// Narrowed says that After is not Before: the check told the verifier
	// something about Loc.
	Narrowed bool
	// Subject is the place in which the value asked about was at the check, if
	// it was in one (the place asked about, if it was there), and
	// SubjectNarrowed whether the check told something about that.
	Subject         Loc
	HasSubject      bool
	SubjectNarrowed bool
}

// Checks are the checks on the way to step i of the value that l has in front
// of it, in path order: those of the place itself, of copies, of what it was
// made from, and of what was made from it or from its sources. Visits of one
// jump that go the same way are one Check, that of the last.
//
// A value that was checked and is still unbounded is told by what is left:
//
//	for _, c := range p.Checks(i, l) {
//		switch {
//		case c.Relation == verifierlog.RelDerived || c.Relation == verifierlog.RelCommon:
//			// checked was another copy, c.Loc; l learned nothing
//		case c.Narrowed && !c.SubjectNarrowed:
//			// the same number, but the kernel lost track that it is one
//		}
//	}
func (p *Path) Checks(i int, l Loc) []Check {
	m := p.stateAt(i)
	if m == nil {
		return nil
	}
	c := m.cell(l)
	if c == nil || c.vid == 0 {
		return nil
	}
	value, def := c.vid, int(c.def)
	family := p.ancestors(value)
	type visit struct {
		insn, side int
		taken      bool
	}
	var checks []Check // the latest first
	seen, unrelated := make(map[visit]int), make(map[visit]int)
	for k := min(i, len(p.recs)) - 1; k >= p.Begin; k-- {
		if !isJump(p.recs[k].opcode) {
			continue
		}
		for side, v := range p.values.operands[k] {
			if v == 0 {
				continue
			}
			taken, _ := p.Taken(k)
			of := visit{p.Insn(k), side, taken}
			if at, ok := seen[of]; ok {
				checks[at].First, checks[at].Times = k, checks[at].Times+1
				continue
			}
			if unrelated[of] >= maxUnrelated {
				continue
			}
			rel, ok := p.relation(value, v, family)
			if !ok {
				unrelated[of]++
			} else {
				if c, ok := p.check(k, side, rel, value, l); ok {
					if rel == RelCopy && c.Loc == l && k > def {
						c.Relation = RelSame
					}
					seen[of] = len(checks)
					checks = append(checks, c)
				}
			}
		}
	}
	slices.Reverse(checks)
	return checks
}

// maxUnrelated is how many visits of a jump that have nothing to do with a value
// are looked at, before its others are taken to have nothing to do with it too.
const maxUnrelated = 256

// maxFamily bounds how many ancestors of a value are followed.
const maxFamily = 64

// ancestors are the values that v was made from, and v, by the number of steps
// away.
func (p *Path) ancestors(v vid) map[vid]bool {
	family := map[vid]bool{v: true}
	todo := []vid{v}
	for len(todo) > 0 && len(family) < maxFamily {
		v, todo = todo[0], todo[1:]
		for _, from := range p.parents(v) {
			if from != 0 && !family[from] {
				family[from] = true
				todo = append(todo, from)
			}
		}
	}
	return family
}

// parents are the values that v was made from. Loads from memory other than
// the stack make new values: where they are from says nothing about what they
// are.
func (p *Path) parents(v vid) [2]vid {
	s := v.step()
	if s < p.Begin || s >= len(p.recs) {
		return [2]vid{}
	}
	switch code := p.recs[s].opcode; code & 7 {
	case 1: // BPF_LDX
		return [2]vid{p.values.operands[s][1]}
	case 0: // BPF_LD
		return [2]vid{}
	}
	return p.values.operands[s]
}

// relation of value v, compared, to the value asked about.
func (p *Path) relation(value, v vid, family map[vid]bool) (Relation, bool) {
	if v == value {
		return RelCopy, true
	}
	if family[v] {
		return RelSource, true
	}
	rel, found := RelCommon, false
	for a := range p.ancestors(v) {
		switch {
		case a == value:
			return RelDerived, true
		case family[a] && a > 0:
			found = true
		}
	}
	return rel, found
}

func (p *Path) check(k, side int, rel Relation, value vid, asked Loc) (Check, bool) {
	s := p.Step(k)
	if s.Op != OpJump {
		return Check{}, false
	}
	c := Check{Step: k, First: k, Times: 1, Operator: s.Operator, Wide: s.Wide, HasImm: s.HasImm, Imm: s.Imm, Relation: rel,
		Loc: Reg(s.Frame, s.Dst), With: Reg(s.Frame, s.Src)}
	c.Taken, _ = p.Taken(k)
	if side == 1 {
		c.Loc, c.With, c.Swapped = c.With, c.Loc, true
	}
	c.Before, c.Known = p.Before(k, c.Loc)
	c.Subject, c.HasSubject = p.holder(k, value, asked, c.Loc)
	var subject Value
	if c.HasSubject {
		subject, _ = p.Before(k, c.Subject)
	}
	if c.After, c.AfterKnown = p.After(k, c.Loc); c.Known && c.AfterKnown {
		c.Narrowed = !sameKnowledge(&c.Before, &c.After)
	}
	if c.HasSubject {
		if after, ok := p.After(k, c.Subject); ok {
			c.SubjectNarrowed = !sameKnowledge(&subject, &after)
		}
	}
	return c, true
}

// holder is a place with the value in front of step k: the first of those
// preferred that has it, or any.
func (p *Path) holder(k int, value vid, preferred ...Loc) (found Loc, ok bool) {
	m := p.stateAt(k)
	for _, l := range preferred {
		if c := m.cell(l); c != nil && c.vid == value {
			return l, true
		}
	}
	m.eachCell(func(o Loc, c *cell) {
		if !ok && c.vid == value {
			found, ok = o, true
		}
	})
	return found, ok
}

// sameKnowledge compares what values are; their ids are names.
func sameKnowledge(a, b *Value) bool {
	x, y := *a, *b
	x.ID, y.ID, x.AddConst, y.AddConst = 0, 0, 0, 0
	return sameValue(&x, &y)
}
