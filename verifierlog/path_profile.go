package verifierlog

import (
	"io"
	"slices"
)

// A Profile says on what a verifier spent its instructions, as far as the log
// shows it: all of them at level 2, those of the last path at level 1.
type Profile struct {
	Visits  int // instructions executed
	Insns   []InsnVisits
	Sources []SourceVisits // most visited first
	Jumps   []JumpVisits   // by number of the instruction
	Loops   []LoopVisits   // most visited first
	Paths   int            // branches taken up: "from 12 to 20"
	Pruned  int            // paths that ended because a state explored before covers them: "safe"
	Stats   Stats          // of the log's end
}

// InsnVisits counts an instruction.
type InsnVisits struct {
	Insn, Visits int
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
// back to Head. Instructions of functions called are not counted.
type LoopVisits struct {
	Head, Back int
	Passes     int // times that an instruction of the loop led back to Head
	Visits     int
}

// Hot is the innermost loop that accounts for most of what its outer loops do:
// where to look first. ok is false without loops.
func (p *Profile) Hot() (hot LoopVisits, ok bool) {
	for _, l := range p.Loops {
		inside := l.Head >= hot.Head && l.Back <= hot.Back
		if !ok || inside && l.Back-l.Head < hot.Back-hot.Head && 2*l.Visits >= hot.Visits {
			hot, ok = l, true
		}
	}
	return hot, ok
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
	sources sourceTable
	jumps   map[int]*JumpVisits
	back    map[[2]int]int
	at      int // instruction before, -1 where none leads on
	succ    successor
	frame   int
	source  uint32
	known   bool
	over    bool
	filter  stateFilter
}

func (b *profiler) reset() {
	*b = profiler{jumps: make(map[int]*JumpVisits), back: make(map[[2]int]int), at: -1}
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
	case KindStats:
		b.p.Stats.Read(n.Text)
		b.over = b.over || hasPrefix(n.Text, "processed ")
	}
}

func (b *profiler) insn(n *Node) {
	if n.Insn >= maxInsns || n.Partial {
		return
	}
	for len(b.visits) <= n.Insn {
		b.visits = append(b.visits, make([]int, max(64, len(b.visits)))...)
	}
	b.visits[n.Insn]++
	b.p.Visits++
	linked := b.at >= 0 && b.succ.has(n.Insn, b.frame)
	if linked && n.Insn <= b.at && len(b.back) < maxInsns {
		b.back[[2]int{n.Insn, b.at}]++
	}
	if b.known || linked && b.sources.id(uint32(n.Insn)) == 0 {
		b.sources.set(n.Insn, b.source)
	}
	b.source, b.known = b.sources.id(uint32(n.Insn)), false
	b.at, b.succ = n.Insn, successors(n, b.frame)
	if b.succ.call >= 0 || n.Opcode == codeCall || n.Opcode == codeExit {
		b.at = -1
		if b.succ.b < 0 && n.Opcode == codeCall { // no function of the program
			b.at = n.Insn
		}
	}
}

func (b *profiler) branch(n *Node) {
	if n.Safe {
		b.p.Pruned++
	}
	if n.From < 0 {
		return
	}
	b.p.Paths++
	b.at = -1
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
		p.Insns = append(p.Insns, InsnVisits{Insn: i, Visits: n, Source: src})
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
	sum := make([]int, len(b.visits)+1)
	for i, n := range b.visits {
		sum[i+1] = sum[i] + n
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
		l.Visits = sum[l.Back+1] - sum[l.Head]
		b.p.Loops = append(b.p.Loops, *l)
	}
	slices.SortFunc(b.p.Loops, func(x, y LoopVisits) int {
		if x.Visits != y.Visits {
			return y.Visits - x.Visits
		}
		return x.Head - y.Head
	})
}
