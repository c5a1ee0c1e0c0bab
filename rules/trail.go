package rules

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/lazyregexp"
	"github.com/bpfdiag/bpfdiag/rules/messages"
	"github.com/bpfdiag/bpfdiag/verifierlog"
)

// The labels of a diagnostic tell what a person needs to know. Its evidence is
// for programs, and holds every step of the path that has to do with the
// failure, told or not: where the value that failed was made, and the values
// that it was made from, how they were moved, spilled and read back, which
// branches the path took since, what it holds, what a call took away. On any
// kernel that is at least what Linux 7.3 prints as "Causal path"
// (diag_print_history in kernel/bpf/diagnostics.c).

// found is a step of the evidence.
type found struct {
	step  int
	loc   verifierlog.Loc // hasLoc
	event diag.Event
	state string // in place of loc's

	hasLoc bool
}

// maxFollowed bounds how many steps of a value are followed, and maxFound how
// many of them are kept; maxBranches is how many branches are: half from either
// end, as diag_print_history does.
const (
	maxFollowed = 256
	maxFound    = 32
	maxBranches = 64
)

// evidence notes a step at which a rule looked at a place.
func (c *Case) evidence(step int, l verifierlog.Loc) {
	if step >= 0 {
		c.found = append(c.found, found{step: step, loc: l, hasLoc: true})
	}
}

// collect completes the evidence: it goes back from what the rules looked at and
// from what the kernel complains about.
func (c *Case) collect(d *diag.Diagnostic) {
	if c.last < 0 {
		return
	}
	// A limit is not reached because of one value, and its path may have a
	// million steps.
	if classOf(d.Code) != diag.ClassLimit {
		c.backFrom(d)
	}
	c.orderLabels(d)
	d.Evidence = c.steps()
}

// classOf is the class that a code has where its rule does not know better.
func classOf(id string) diag.Class {
	for _, code := range messages.Codes() {
		if code.ID == id {
			return diag.Class(code.Class)
		}
	}
	return ""
}

// orderLabels puts the labels that were told into the order of the path. The
// primary one and those of no instruction stay where they are.
func (c *Case) orderLabels(d *diag.Diagnostic) {
	step := map[int]int{} // of an instruction, the last that was looked at
	for _, f := range c.found {
		insn := c.Path.Insn(f.step)
		step[insn] = max(step[insn], f.step)
	}
	var at []int
	var told []diag.Label
	for i, l := range d.Labels {
		if l.Insn == nil || l.Primary {
			continue
		}
		if _, ok := step[*l.Insn]; ok {
			at, told = append(at, i), append(told, l)
		}
	}
	slices.SortStableFunc(told, func(a, b diag.Label) int { return cmp.Compare(step[*a.Insn], step[*b.Insn]) })
	for k, i := range at {
		d.Labels[i] = told[k]
	}
}

// backFrom goes back from what was looked at.
func (c *Case) backFrom(d *diag.Diagnostic) {
	told := c.found
	c.found = nil
	for _, l := range c.faults() {
		c.evidence(c.last, l)
	}
	c.found = append(c.found, told...)
	looked := len(c.found)
	atBegin := false // what failed was there when the path began
	for _, s := range c.found[:looked] {
		if s.step == c.last {
			atBegin = c.follow(s.step, s.loc) || atBegin
		} else {
			c.follow(s.step+1, s.loc)
		}
	}
	held := strings.HasPrefix(d.Code, "BPF04")
	c.holds(held)
	first := c.Path.Begin
	if len(c.found) > looked && !atBegin {
		first = slices.MinFunc(c.found, inPathOrder).step
	}
	if held || len(c.found) > 0 {
		c.branches(first)
	}
}

func inPathOrder(a, b found) int { return cmp.Compare(a.step, b.step) }

var (
	namedRegister = lazyregexp.New(`\bR(\d+)\b`)
	namedArgument = lazyregexp.New(`\barg#(\d)\b`)
)

// faults are the places that the kernel complains about: those that it names
// and what the instruction works with.
func (c *Case) faults() (all []verifierlog.Loc) {
	s := c.Path.Step(c.last)
	add := func(r int) {
		if l := verifierlog.Reg(s.Frame, r); r >= 0 && r <= 10 && !slices.Contains(all, l) {
			all = append(all, l)
		}
	}
	message, _, _ := strings.Cut(c.Summary.Message, "\n\n") // without a report
	for _, m := range namedRegister.FindAllStringSubmatch(message, 8) {
		r, _ := strconv.Atoi(m[1])
		add(r)
	}
	if s.Op == verifierlog.OpCall {
		for _, m := range namedArgument.FindAllStringSubmatch(message, 8) {
			n, _ := strconv.Atoi(m[1])
			add(n + 1)
		}
	}
	switch s.Op {
	case verifierlog.OpLoad, verifierlog.OpStore, verifierlog.OpAtomic:
		if len(all) == 0 {
			add(s.Mem.Base)
		}
	case verifierlog.OpALU, verifierlog.OpJump:
		add(s.Dst)
		add(s.Src)
	}
	return all
}

// follow notes how a value that a place has in front of a step came there. It
// says whether the place itself has not changed since the path began.
func (c *Case) follow(step int, l verifierlog.Loc) (atBegin bool) {
	type at struct {
		step int
		loc  verifierlog.Loc
	}
	seen, passed := map[at]bool{}, map[at]bool{} // passed has instructions for steps
	add := func(step int, l verifierlog.Loc, event diag.Event) {
		if visit := (at{c.Path.Insn(step), l}); !passed[visit] { // else another pass of a loop
			passed[visit] = true
			c.found = append(c.found, found{step: step, loc: l, hasLoc: true, event: event})
		}
	}
	todo := []at{{step, l}}
	for len(todo) > 0 && len(passed) < maxFound && len(seen) < maxFollowed {
		a := todo[0]
		todo = todo[1:]
		if loss, ok := c.Path.Lost(a.step, a.loc); ok && !seen[at{loss.Step, loss.Loc}] {
			seen[at{loss.Step, loss.Loc}] = true
			add(loss.Step, loss.Loc, diag.Lost)
			todo = append(todo, at{loss.Step, loss.Loc})
		}
		k := c.Path.Origin(a.step, a.loc)
		if k.Step < c.Path.Begin && a == (at{step, l}) {
			atBegin = true
		}
		if k.Step < 0 || seen[at{k.Step, k.Loc}] {
			continue
		}
		seen[at{k.Step, k.Loc}] = true
		add(k.Step, k.Loc, eventOf[k.Kind])
		switch k.Kind {
		case verifierlog.LinkLoad: // the memory says nothing about what is in it
		case verifierlog.LinkLost, verifierlog.LinkWritten: // what was there before
			todo = append(todo, at{k.Step, k.Loc})
		default:
			for _, from := range k.From {
				if from.Reg != 10 {
					todo = append(todo, at{k.Step, from})
				}
			}
		}
	}
	return atBegin
}

var eventOf = map[verifierlog.LinkKind]diag.Event{
	verifierlog.LinkConst: diag.Made, verifierlog.LinkAddress: diag.Made, verifierlog.LinkResult: diag.Made,
	verifierlog.LinkCallback: diag.Made, verifierlog.LinkLoad: diag.Made, verifierlog.LinkWritten: diag.Made, verifierlog.LinkStore: diag.Made,
	verifierlog.LinkMove: diag.Moved, verifierlog.LinkArgument: diag.Moved, verifierlog.LinkReturn: diag.Moved,
	verifierlog.LinkMove32: diag.Computed, verifierlog.LinkExtend: diag.Computed, verifierlog.LinkArith: diag.Computed,
	verifierlog.LinkSpill: diag.Spilled, verifierlog.LinkFill: diag.Filled, verifierlog.LinkRead: diag.Filled,
	verifierlog.LinkLost: diag.Lost,
}

// holds notes where what the program holds at the end was taken, and with all
// also what it gave back.
func (c *Case) holds(all bool) {
	depth := map[verifierlog.ResourceKind]int{}
	for _, r := range c.Path.Resources() {
		open := r.Released < 0 || r.Released >= c.last
		if r.Acquired < 0 || !open && !all || r.Null && !open {
			continue
		}
		what := r.Kind.String()
		if r.ID > 0 {
			what += " " + strconv.Itoa(r.ID)
		}
		if open && r.Kind != verifierlog.ResReference {
			depth[r.Kind]++
			what += ", depth " + strconv.Itoa(depth[r.Kind])
		}
		c.found = append(c.found, found{step: r.Acquired, event: diag.Acquired, state: what})
		if !open {
			c.found = append(c.found, found{step: r.Released, event: diag.Released, state: what})
		}
	}
}

// branches notes which ways the path took since a step. Visits of one jump that
// go the same way are one, that of the last.
func (c *Case) branches(first int) {
	type way struct {
		insn  int
		taken bool
	}
	seen := map[way]bool{}
	var all []found
	jumps := c.Path.Branches(first, c.last)
	for _, step := range slices.Backward(jumps[max(0, len(jumps)-maxLookBack):]) {
		w := way{insn: c.Path.Insn(step)}
		w.taken, _ = c.Path.Taken(step)
		if seen[w] {
			continue
		}
		seen[w] = true
		all = append(all, found{step: step, event: direction(w.taken)})
	}
	if n := len(all); n > maxBranches {
		all = append(all[:maxBranches/2:maxBranches/2], all[n-maxBranches/2:]...)
	}
	for i := range all {
		if s := c.Path.Step(all[i].step); s.Dst >= 0 {
			all[i].loc, all[i].hasLoc = verifierlog.Reg(s.Frame, s.Dst), true
		}
	}
	c.found = append(c.found, all...)
}

func direction(taken bool) diag.Event {
	if taken {
		return diag.Taken
	}
	return diag.NotTaken
}

// maxLookBack bounds the branches that are looked at.
const maxLookBack = 1 << 16

// steps is what was found, in path order. Of several visits of an instruction
// that are about one place the last is told.
func (c *Case) steps() (all []diag.Evidence) {
	slices.SortStableFunc(c.found, inPathOrder)
	type what struct {
		insn int
		loc  verifierlog.Loc
		has  bool
		way  bool // jumps both ways are two
		id   string
	}
	at := map[what]int{}
	for _, f := range c.found {
		if taken, known := c.Path.Taken(f.step); known {
			f.event = direction(taken)
		}
		w := what{c.Path.Insn(f.step), f.loc, f.hasLoc, f.event == diag.Taken, f.state}
		e := c.stepEvidence(f)
		if i, ok := at[w]; ok {
			e.Event = cmp.Or(e.Event, all[i].Event)
			all[i].Insn = -1 // a later one replaces it
		}
		at[w] = len(all)
		all = append(all, e)
	}
	return slices.DeleteFunc(all, func(e diag.Evidence) bool { return e.Insn < 0 })
}

// codeText is a step's instruction. Where the kernel keeps a map or a function is
// another address at each run (resolve_pseudo_ldimm64 puts it into the
// instruction), and nothing that a diagnostic tells of.
func (c *Case) codeText(step int) string {
	s := c.Path.Step(step)
	dst, _, ok := strings.Cut(s.Text, " = 0x")
	if v, known := c.Path.After(step, verifierlog.Reg(s.Frame, s.Dst)); ok && known && s.Op == verifierlog.OpLoadImm && v.Base != verifierlog.Scalar {
		return dst + " = address"
	}
	return s.Text
}

// stepEvidence is what the verifier knew of a place behind a step; of the last,
// in front of it.
func (c *Case) stepEvidence(f found) diag.Evidence {
	s := c.Path.Step(f.step)
	e := diag.Evidence{Insn: s.Insn.Index, Code: c.codeText(f.step), Event: f.event, Source: strings.TrimSpace(s.Source.Text), State: f.state}
	if p, ok := c.place(s.Insn.Index); ok {
		e.File, e.Line, e.Column, e.Source = p.File, p.Line, p.Column, strings.TrimSpace(p.Text)
	}
	if !f.hasLoc {
		return e
	}
	e.Register = f.loc.String()
	v, known := c.Path.After(f.step, f.loc)
	if f.step == c.last {
		v, known = c.Path.Before(f.step, f.loc)
	}
	if known {
		e.State = v.String()
	}
	if n := c.name(min(f.step+1, c.last), f.loc); n.Expr != "" && !n.From {
		e.Variable = n.Expr
	}
	return e
}
