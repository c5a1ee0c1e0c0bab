package verifierlog

import "io"

// Visit is one arrival of the verifier at an instruction, see [Walk]. It is
// valid until the callback returns, but for what Snapshot gave.
type Visit struct {
	// Insn is the instruction that comes next. Func is valid as long as the Visit.
	Insn
	// Frame is the call depth.
	Frame int
	// From is the instruction in front of this one on the path, -1 at the begin of
	// a walk and where the log does not tell. Of an exit that returns it is the exit.
	From int
	// Covered: the verifier did not go on here, because a state that it had explored
	// covers this one. Numbers that it did not need may differ from all that it
	// explored. Of the Insn only the Index is known.
	Covered bool
	// Speculative visits happen under speculative execution only.
	Speculative bool

	w *walker
}

// Walked says how much of a log a walk has seen.
type Walked struct {
	Visits  int
	Covered int
	// Lost is how often the log did not tell how the path went on.
	Lost bool
	// Stopped: the callback did not want more.
	Stopped bool
}

// Walk follows the verifier through a log of level 2 over all paths, and calls
// visit in front of each instruction with what was known then. It goes on until
// the log ends or visit returns false. Its only error is that of the reader.
//
// What it knows is what a [Path] to that place knows: what the kernel printed, and
// what follows from the instructions where it prints nothing.
func Walk(r io.ReaderAt, visit func(*Visit) bool) (Walked, error) {
	w := &walker{b: pathBuilder{p: &Path{Func: -1, r: r, sc: NewScanner(nil), resumes: make(map[int32]resume)}}}
	w.v.w, w.visit = w, visit
	w.b.begin()
	w.reset()
	sc := NewScanner(wholeLog(r))
	for !w.out.Stopped && sc.Scan() {
		w.node(sc.Node())
	}
	if err := sc.Err(); err != nil {
		return w.out, err
	}
	return w.out, w.b.p.Err
}

// walker runs a machine along everything that a pathBuilder reads.
type walker struct {
	b     pathBuilder
	m     machine
	v     Visit
	visit func(*Visit) bool
	out   Walked

	// last is the step that was visited and not yet executed: what it does depends
	// on the step after it.
	last    underway
	printed []State // behind last, the first used of them
	used    int
	whole   int // of these how many are complete
	waiting []waiting
	values  valueTable
	now     *Snapshot // of m, nil if it has changed
}

// underway is a step that was begun.
type underway struct {
	has   bool
	index int // on the path
	rec   record
	in    Insn
	name  []byte // in.Func
}

// waiting is a step from which the verifier may take up another branch later.
type waiting struct {
	step  int
	in    Insn
	name  string
	state *Snapshot
}

// maxWaiting bounds the states that are kept. The kernel keeps 8192 branches
// (BPF_COMPLEXITY_LIMIT_JMP_SEQ), but the log does not tell which jumps have one.
const maxWaiting = 1 << 16

func (w *walker) reset() {
	w.m.start(0)
	w.last.has, w.used, w.now = false, 0, nil
	w.waiting = w.waiting[:0]
}

func (w *walker) node(n *Node) {
	b, p := &w.b, w.b.p
	steps, begin, above := len(p.recs), p.Begin, b.lastKind
	b.node(n)
	switch n.Kind {
	case KindInsn:
		if n.Insn < maxInsns && !n.Partial {
			w.insn(n, steps)
		}
	case KindState:
		// A callback that runs later begins a walk of its own, as does the
		// program behind its global functions.
		if p.Begin > begin || len(p.recs) < steps {
			w.fresh()
		}
		if f := b.filter; f.now(n) {
			w.keep(n, above == KindBranch || above == KindCall)
		}
	case KindBranch:
		w.branch(n)
	case KindFunc:
		if len(p.recs) < steps {
			w.reset()
		}
	}
}

// fresh begins a walk.
func (w *walker) fresh() {
	w.m.start(w.b.p.Begin)
	w.last.has, w.used, w.now = false, 0, nil
	if len(w.b.p.recs) == 0 {
		w.waiting = w.waiting[:0]
	}
}

// keep remembers a state until the step after it is known. It is complete where a branch
// or a call is; one on a line of its own may be only what changed, with lines of
// precision in between.
func (w *walker) keep(n *Node, complete bool) {
	if w.used == len(w.printed) {
		if w.used == maxPrinted {
			return
		}
		w.printed = append(w.printed, State{})
	}
	n.State(&w.printed[w.used])
	w.used++
	if complete {
		w.whole = w.used
	}
}

// maxPrinted bounds the states behind one instruction: there are three at a call.
const maxPrinted = 8

// insn makes what is known that in front of the instruction n, and shows it.
func (w *walker) insn(n *Node, steps int) {
	p := w.b.p
	k := len(p.recs) - 1
	rec := p.recs[k]
	if k < steps { // the builder has forgotten the older half
		gone := steps - k
		w.last.index -= gone
		kept := w.waiting[:0]
		for _, x := range w.waiting {
			if x.step -= gone; x.step >= 0 {
				kept = append(kept, x)
			}
		}
		w.waiting = kept
	}
	from := -1
	switch {
	case rec.flags&recGap != 0:
		w.out.Lost = true
		w.m.forget()
		w.begin(k)
	case w.last.has:
		from = w.last.in.Index
		w.finish(&rec)
	default:
		w.begin(k)
	}
	w.m.depth(int(rec.frame), k)
	w.last = underway{has: true, index: k, rec: rec, in: n.Decode(), name: append(w.last.name[:0], n.Decode().Func...)}
	w.last.in.Func = w.last.name
	w.show(from, false)
	if isJump(rec.opcode) || rec.opcode == codeCall || rec.opcode == 0x0d {
		w.wait(k)
	}
}

// begin puts the states in front of a walk's first step over what is known.
func (w *walker) begin(k int) {
	for i := range w.used {
		w.m.print(noStep, &w.printed[i], 0)
	}
	if p := w.b.p; w.used > 0 && k == p.Begin && !p.Truncated && p.recs[k].flags&recGap == 0 {
		w.m.begun = true
		w.m.unwritten(0)
	}
	w.used, w.whole, w.now = 0, 0, nil
	w.m.at = k
}

// finish executes the last step, which next follows.
func (w *walker) finish(next *record) {
	s := &w.last
	frame, i := int(s.rec.frame), s.index
	m := &w.m
	m.at = i
	m.depth(frame, i)
	callback := s.in.Op == OpExit && m.frames[frame].callback
	call := m.frames[frame].call
	m.exec(i, &s.in, frame, next)
	for k := range w.used {
		if k < w.whole {
			w.complete(&w.printed[k])
		}
		m.print(i, &w.printed[k], s.rec.opcode)
	}
	m.settle(i, &s.in, frame, next)
	m.at = i + 1
	if callback && int(next.frame) < frame {
		w.widen(int(call))
	}
	w.last.has, w.used, w.whole, w.now = false, 0, 0, nil
}

// complete makes unknown what a complete state does not have. A number stays what
// it is as long as nothing is written over it, although the verifier may have
// no more use for it; a pointer may have become invalid.
func (w *walker) complete(s *State) {
	if s.Frame >= len(w.m.frames) {
		return
	}
	f := &w.m.frames[s.Frame]
	for r := range f.regs[:10] {
		if c := &f.regs[r]; c.known && c.v.Base != Scalar && c.v.Base != NotInit && s.Reg(r) == nil {
			c.known = false
		}
	}
	for k := range f.slots {
		if c := &f.slots[k]; c.known && s.Slot(-8*(k+1)) == nil {
			c.known = false
		}
	}
}

// widen mirrors widen_imprecise_scalars, which prepare_func_exit calls behind the
// state that it prints: when a callback returns, numbers that have changed since
// the call, and are not known to matter, become any number.
func (w *walker) widen(call int) {
	var before *Snapshot
	for k := len(w.waiting) - 1; k >= 0 && w.waiting[k].step >= call; k-- {
		if w.waiting[k].step == call {
			before = w.waiting[k].state
		}
	}
	w.m.eachCell(func(l Loc, c *cell) {
		if !c.known || c.v.Base != Scalar {
			return
		}
		if before != nil {
			if v := before.At(l); v != nil && sameValue(v, &c.v) {
				return
			}
		}
		c.v.Const, c.v.Number, c.v.Bounds = false, 0, Bounds{}
		c.v.Bounds.deduce(&c.v)
	})
}

// branch goes back to where the branch was put off that the verifier takes up now,
// or ends the path.
func (w *walker) branch(n *Node) {
	b := &w.b
	switch {
	case b.waited >= 0:
		if !w.backTo(b.waited) {
			w.out.Lost = true
		}
		w.v.Speculative = n.Speculative
	case n.From >= 0 && !n.Safe && len(b.p.recs) == 0: // the push is not in the log
		w.out.Lost = true
		w.reset()
	}
	if !n.Safe {
		return
	}
	frame := b.frame
	if b.waited >= 0 {
		frame = int(w.last.rec.frame)
		if w.last.in.Op == OpCall && n.Insn != w.last.in.Index+1 {
			frame++ // of the callback
		}
	}
	from := -1
	if w.last.has {
		from = w.last.in.Index
		next := record{insn: uint32(n.Insn), frame: uint8(min(frame, maxFrames-1))}
		w.finish(&next)
	}
	w.m.depth(min(frame, maxFrames-1), w.m.at)
	w.last.in = Insn{Index: n.Insn, Dst: -1, Src: -1, Mem: Address{Base: -1}, Target: -1, FuncID: -1}
	w.show(from, true)
	w.used, w.whole = 0, 0
}

// backTo makes the state that in front of step i, and i the last step.
func (w *walker) backTo(i int) bool {
	for k := len(w.waiting); k > 0 && w.waiting[k-1].step > i; k-- {
		w.waiting = w.waiting[:k-1]
	}
	w.last.has, w.used, w.whole, w.now = false, 0, 0, nil
	k := len(w.waiting) - 1
	rec := w.b.p.recs[i]
	if k < 0 || w.waiting[k].step != i {
		w.m.start(i)
		w.m.depth(int(rec.frame), i)
		return false
	}
	x := &w.waiting[k]
	x.state.restore(&w.m, i)
	w.last = underway{has: true, index: i, rec: rec, in: x.in, name: append(w.last.name[:0], x.name...)}
	w.last.in.Func = w.last.name
	if len(w.m.frames) > 1 && !isJump(rec.opcode) {
		// The next round of a loop over an iterator: numbers of outer frames that
		// it has changed are widened, and not printed.
		for f := range w.m.frames[:len(w.m.frames)-1] {
			for s := range w.m.frames[f].slots {
				if c := &w.m.frames[f].slots[s]; c.v.Base == Scalar {
					c.known = false
				}
			}
		}
	}
	return true
}

// wait keeps the state in front of step i, from which a branch may be taken up.
func (w *walker) wait(i int) {
	for k := len(w.waiting); k > 0 && w.waiting[k-1].step >= i; k-- {
		w.waiting = w.waiting[:k-1]
	}
	if len(w.waiting) == maxWaiting {
		n := copy(w.waiting, w.waiting[maxWaiting/2:])
		clear(w.waiting[n:])
		w.waiting = w.waiting[:n]
	}
	w.waiting = append(w.waiting, waiting{step: i, in: w.last.in, name: w.values.name(w.last.name), state: w.snapshot()})
	w.waiting[len(w.waiting)-1].in.Func = nil
}

func (w *walker) show(from int, covered bool) {
	v := &w.v
	v.Insn, v.From, v.Covered = w.last.in, from, covered
	v.Frame = len(w.m.frames) - 1
	if !covered {
		v.Speculative = w.last.rec.flags&recSpeculative != 0
		w.out.Visits++
	} else {
		w.out.Covered++
	}
	if !w.visit(v) {
		w.out.Stopped = true
	}
}

// Known is what is known of all places in front of the instruction.
func (v *Visit) Known() *Snapshot { return v.w.snapshot() }
