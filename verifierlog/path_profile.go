package verifierlog

import (
	"io"
	"slices"
)

// A Profile says on what a verifier spent its instructions, as far as the log
// shows it: all of them at level 2, those of the last path at level 1.
type Profile struct {
	Visits  int // instructions executed, as the verifier counts them
	Insns   []InsnVisits
	Sources []SourceVisits // most visited first
	Jumps   []JumpVisits   // by number of the instruction
	Loops   []LoopVisits   // most work first
	Calls   []CallVisits   // of functions of the program, most work first
	Starts  []int          // first instructions of the functions that the log shows, in order
	Paths   int            // branches taken up: "from 12 to 20"
	Pruned  int            // paths that ended because a state explored before covers them: "safe"
	Stats   Stats          // of the log's end
}

// InsnVisits counts an instruction.
type InsnVisits struct {
	Insn, Visits int
	Pruned       int // visits that ended a path, in a state that was known
	Source       Source
}

// SourceVisits counts the instructions of a source line.
type SourceVisits struct {
	Source
	Visits int
	Insns  int // different ones
}

// JumpVisits counts the branches of one instruction that were put off and
// taken up later (level 2 only): of a conditional jump, of a call with a
// callback, of the next element of an iterator.
type JumpVisits struct {
	Insn   int
	Taken  int // taken up, in all
	Pruned int // of these found safe at once
}

// LoopVisits counts a loop: the instructions Head to Back, the last that leads
// back to Head.
type LoopVisits struct {
	Head, Back int
	Passes     int // times that an instruction of the loop led back to Head
	Visits     int // with those in functions that the loop calls
	Own        int // without them
}

// Hot is the innermost loop that accounts for most of what its outer loops do,
// in functions that they call too: where to look first. ok is false without loops.
func (p *Profile) Hot() (hot LoopVisits, ok bool) {
	for _, l := range p.Loops {
		if !ok || 2*l.Visits >= hot.Visits && p.Inside(l, hot) {
			hot, ok = l, true
		}
	}
	return hot, ok
}

// Inside says whether a loop is in another one, or in a function that is called
// from there.
func (p *Profile) Inside(in, out LoopVisits) bool {
	if in.Head >= out.Head && in.Back <= out.Back {
		return in.Back-in.Head < out.Back-out.Head
	}
	return slices.Contains(p.called(out.Head, out.Back), p.Function(in.Head))
}

// Function is the first instruction of the function that an instruction is of.
func (p *Profile) Function(insn int) int {
	i, found := slices.BinarySearch(p.Starts, insn)
	switch {
	case found:
		return insn
	case i == 0:
		return 0
	}
	return p.Starts[i-1]
}

// called lists the functions, by their first instructions, that are called from
// the instructions first to last, by those and so on.
func (p *Profile) called(first, last int) (funcs []int) {
	for i := -1; i < len(funcs); i++ {
		for _, c := range p.Calls {
			from := c.Insn >= first && c.Insn <= last
			if i >= 0 {
				from = p.Function(c.Insn) == funcs[i]
			}
			if from && !slices.Contains(funcs, c.Callee) {
				funcs = append(funcs, c.Callee)
			}
		}
	}
	return funcs
}

// ReadProfile counts a log in one pass. Its memory depends on the size of the
// program, not on the length of the log. Of a log of several programs it is the
// last one's.
func ReadProfile(r io.Reader) (*Profile, error) {
	b := profiler{}
	b.reset()
	sc := NewScanner(r)
	for sc.Scan() {
		b.node(sc.Node())
	}
	return b.profile(), sc.Err()
}

type profiler struct {
	p       Profile
	visits  []int
	pruned  map[int]int
	sources sourceTable
	jumps   map[int]*JumpVisits
	back    map[[2]int]int
	at      int // instruction before, -1 where none leads on
	last    int // instruction before on the path, also before a call or return
	succ    successor
	calls   callTree
	frame   int
	exit    bool // the instruction before ends a function
	first   bool // the next instruction is the first of a function
	source  uint32
	known   bool
	over    bool
	filter  stateFilter
}

func (b *profiler) reset() {
	*b = profiler{jumps: make(map[int]*JumpVisits), back: make(map[[2]int]int), pruned: make(map[int]int), at: -1, last: -1, calls: newCallTree()}
}

func (b *profiler) node(n *Node) {
	if b.over && (n.Kind == KindInsn || n.Kind == KindBranch) {
		b.reset()
	}
	now := b.filter.now(n)
	switch n.Kind {
	case KindInsn:
		b.insn(n)
	case KindSource:
		b.source, b.known = b.sources.add(n), true
	case KindState:
		if now {
			b.frame = n.Frame
		}
	case KindBranch:
		b.branch(n)
	case KindFunc:
		if n.Form == FuncValidating { // a walk of its own
			b.at, b.last, b.calls.at, b.calls.waiting = -1, -1, 0, nil
			b.first = true
		}
	case KindStats:
		b.p.Stats.Read(n.Text)
		b.over = b.over || hasPrefix(n.Text, "processed ")
	}
}

func (b *profiler) insn(n *Node) {
	if n.Insn >= maxInsns || n.Partial {
		return
	}
	b.visit(n.Insn)
	b.follow(n)
	linked := b.at >= 0 && b.succ.has(n.Insn, b.frame)
	if linked && n.Insn <= b.at && len(b.back) < maxInsns {
		b.back[[2]int{n.Insn, b.at}]++
	}
	if b.known || linked && b.sources.id(uint32(n.Insn)) == 0 {
		b.sources.set(n.Insn, b.source)
	}
	b.source, b.known = b.sources.id(uint32(n.Insn)), false
	b.at, b.last, b.succ = n.Insn, n.Insn, successors(n, b.frame)
	b.exit = n.Opcode == codeExit
	switch {
	case b.succ.call >= 0:
		b.calls.fork(n.Insn, -1)
	case n.Opcode != codeCall && b.succ.b >= 0:
		b.calls.fork(n.Insn, b.succ.b)
	}
	if b.succ.call >= 0 || n.Opcode == codeCall || n.Opcode == codeExit {
		b.at = -1
		if b.succ.b < 0 && n.Opcode == codeCall { // no function of the program
			b.at = n.Insn
		}
	}
}

func (b *profiler) visit(insn int) {
	for len(b.visits) <= insn {
		b.visits = append(b.visits, make([]int, max(64, len(b.visits)))...)
	}
	b.visits[insn]++
	b.p.Visits++
}

// follow notes the call or return that led to an instruction.
func (b *profiler) follow(n *Node) {
	t := &b.calls
	if b.first || b.p.Visits == 1 {
		b.p.Starts, b.first = append(b.p.Starts, n.Insn), false
	}
	switch {
	case b.last < 0:
	case b.exit:
		t.leave()
	case b.succ.call >= 0 && b.frame == b.succ.call+1, // a callback
		b.at < 0 && b.succ.b == n.Insn: // a function
		t.enter(b.last, n.Insn)
	}
	t.nodes[t.at].visits++
}

func (b *profiler) branch(n *Node) {
	if n.Safe {
		b.p.Pruned++
	}
	if n.From >= 0 {
		b.takeUp(n)
	}
	// The verifier counts the instruction, and does not print it.
	if t := &b.calls; n.Safe && n.Insn >= 0 && n.Insn < maxInsns {
		b.visit(n.Insn)
		b.pruned[n.Insn]++
		t.nodes[t.at].visits++
	}
}

// takeUp counts a branch that was put off.
func (b *profiler) takeUp(n *Node) {
	b.p.Paths++
	b.at, b.last = -1, -1
	if jump := b.calls.resume(n.From, n.Insn); jump && n.Insn <= n.From && !n.Safe && len(b.back) < maxInsns {
		b.back[[2]int{n.Insn, n.From}]++
	}
	j := b.jumps[n.From]
	if j == nil {
		if len(b.jumps) >= maxInsns {
			return
		}
		j = &JumpVisits{Insn: n.From}
		b.jumps[n.From] = j
	}
	if j.Taken++; n.Safe {
		j.Pruned++
	}
}

func (b *profiler) profile() *Profile {
	p := &b.p
	lines := make(map[uint32]int) // source → index
	for i, n := range b.visits {
		if n == 0 {
			continue
		}
		src := b.sources.of(uint32(i))
		p.Insns = append(p.Insns, InsnVisits{Insn: i, Visits: n, Pruned: b.pruned[i], Source: src})
		id := b.sources.id(uint32(i))
		if id == 0 {
			continue
		}
		k, ok := lines[id]
		if !ok {
			k = len(p.Sources)
			lines[id] = k
			p.Sources = append(p.Sources, SourceVisits{Source: src})
		}
		p.Sources[k].Visits += n
		p.Sources[k].Insns++
	}
	slices.SortStableFunc(p.Sources, func(x, y SourceVisits) int { return y.Visits - x.Visits })
	for _, j := range b.jumps {
		p.Jumps = append(p.Jumps, *j)
	}
	slices.SortFunc(p.Jumps, func(x, y JumpVisits) int { return x.Insn - y.Insn })
	b.loops()
	return p
}

// loops sums up the visits of each loop.
func (b *profiler) loops() {
	calls, below := b.calls.sums()
	b.p.Calls = calls
	for _, c := range calls {
		b.p.Starts = append(b.p.Starts, c.Callee)
	}
	slices.Sort(b.p.Starts)
	b.p.Starts = slices.Compact(b.p.Starts)
	own, all := make([]int, len(b.visits)+1), make([]int, len(b.visits)+1)
	for i, n := range b.visits {
		own[i+1], all[i+1] = own[i]+n, all[i]+n+below[i]
	}
	heads := make(map[int]*LoopVisits)
	for e, n := range b.back {
		l := heads[e[0]]
		if l == nil {
			l = &LoopVisits{Head: e[0]}
			heads[e[0]] = l
		}
		l.Back, l.Passes = max(l.Back, e[1]), l.Passes+n
	}
	for _, l := range heads {
		l.Own, l.Visits = own[l.Back+1]-own[l.Head], all[l.Back+1]-all[l.Head]
		b.p.Loops = append(b.p.Loops, *l)
	}
	slices.SortFunc(b.p.Loops, func(x, y LoopVisits) int {
		if x.Visits != y.Visits {
			return y.Visits - x.Visits
		}
		return x.Head - y.Head
	})
}
