package verifierlog

import "io"

// ReadPath reads a log of any level and finds the path that it ends with. Of a
// log of several programs that is the last one's. Its only error is that of
// the reader; a log without instructions gives a Path without steps.
//
// The Path goes on reading from r when it is asked for states or text.
func ReadPath(r io.ReaderAt) (*Path, error) {
	b := pathBuilder{p: &Path{Func: -1, r: r, sc: NewScanner(nil), resumes: make(map[int32]resume)}}
	b.begin()
	sc := NewScanner(wholeLog(r))
	for sc.Scan() {
		b.node(sc.Node())
	}
	p := b.p
	p.values.reset()
	if k := len(p.recs); k > 0 {
		p.Speculative = p.recs[k-1].flags&recSpeculative != 0
	}
	return p, sc.Err()
}

// pathBuilder follows a log and keeps the path that the verifier is on.
type pathBuilder struct {
	p         *Path
	look      predictor
	walks     []walk    // that were left for a callback that runs later
	source    uint32    // of the last source line
	known     bool      // source is that of the next instruction
	frame     int       // of the last state: where the next instruction is
	succ      successor // of the last instruction
	level2    bool      // the log has all paths
	takenBack bool      // the kernel took back text in front of the next instruction
	spec      bool      // the branch is speculated on
	ended     bool      // the path before is over: it was safe, or ended in exit
	fresh     bool      // nothing of the walk was read
	over      bool      // statistics: what follows is another log
	resumed   int       // step that a branch was taken up behind, -1
	waited    int       // step at which the branch of the last KindBranch waited, -1
	lastKind  Kind      // of the node before
	insnLine  int       // line of the last instruction
	async     bool      // the last state was that of a callback that runs later
	filter    stateFilter
	returning bool // between "returning from callee" and the next instruction
}

// walk is where a walk begins.
type walk struct {
	begin int
	entry resume
}

// begin starts a walk of its own.
func (b *pathBuilder) begin() {
	p := b.p
	p.recs, p.Begin, p.Truncated = p.recs[:0], 0, false
	p.entry = resume{offset: -1}
	clear(p.resumes)
	b.walks = b.walks[:0]
	b.frame, b.resumed = 0, -1
	b.spec, b.ended, b.fresh, b.returning, b.takenBack = false, false, true, false, false
	b.filter, b.async = stateFilter{}, false
}

func (b *pathBuilder) node(n *Node) {
	if b.over {
		switch n.Kind {
		case KindInsn, KindBranch, KindFunc, KindState, KindSource:
			b.p.sources.reset()
			b.p.Func, b.p.Name, b.source = -1, "", 0
			b.begin()
			b.over = false
		}
	}
	switch n.Kind {
	case KindInsn:
		if n.Insn < maxInsns && !n.Partial {
			b.insn(n)
		}
	case KindSource:
		b.source, b.known = b.p.sources.add(n), true
	case KindState:
		b.state(n)
	case KindBranch:
		b.branch(n)
	case KindFunc:
		b.function(n)
	case KindCall:
		switch n.Form {
		case CallReturning:
			b.returning = true
			if k := len(b.p.recs); k > 0 {
				b.p.recs[k-1].flags |= recReturn
			}
		case CallResume:
			b.succ = successor{a: n.Insn, b: -1, call: -1}
		}
	case KindNote:
		// "frame1 bpf_loop iteration limit reached": nothing was pushed.
		if k := len(b.p.recs); k > 0 && b.p.recs[k-1].opcode == codeCall && hasPrefix(n.Text, "frame") {
			b.p.recs[k-1].flags |= recOneWay
		}
	case KindStats:
		b.over = hasPrefix(n.Text, "processed ")
	}
	if n.Kind != KindState {
		b.filter.now(n)
	}
	b.lastKind = n.Kind
}

func (b *pathBuilder) function(n *Node) {
	p := b.p
	switch n.Form {
	case FuncValidating:
		b.begin()
		p.Func, p.Name = n.Func, string(n.Name)
	case FuncSafe:
		b.ended, b.resumed = true, -1
	}
}

// state notes the frame. States that tell of another time do not count: those
// of precision lines, and those that a complaint shows.
func (b *pathBuilder) state(n *Node) {
	if !b.filter.now(n) && !b.returning {
		return
	}
	p := b.p
	p.incremental = p.incremental || n.After && b.insnLine == n.Line
	if b.ended && b.resumed < 0 && !n.After && !b.returning {
		// A path that was over, and no "from … to …": another walk begins, such
		// as the program itself behind its global functions.
		b.begin()
		p.Func, p.Name = -1, ""
	}
	if len(p.recs) == 0 && p.entry.offset < 0 {
		p.entry = resume{offset: n.Offset, line: n.Line}
		p.Truncated = p.Truncated || n.After
	}
	b.frame = min(n.Frame, maxFrames-1)
	if b.lastKind == KindBranch || b.lastKind == KindInsn && !n.After {
		b.takenBack = !b.level2
	}
	b.asyncCallback(n)
}

// asyncCallback notices that the branch taken up is a callback that runs later:
// its stack of calls begins anew (push_async_cb).
func (b *pathBuilder) asyncCallback(n *Node) {
	was := b.async
	b.async = hasWord(n.Text, "async_cb")
	k := len(b.p.recs)
	if !b.async || was && b.lastKind != KindBranch || n.After || n.Frame != 0 ||
		k == 0 || b.p.recs[k-1].opcode != codeCall || n.Insn == int(b.p.recs[k-1].insn)+1 {
		return
	}
	b.walks = append(b.walks, walk{b.p.Begin, b.p.entry})
	b.p.Begin = k
	b.p.entry = resume{offset: n.Offset, line: n.Line}
	b.succ.any = true
}

func hasWord(t []byte, word string) bool {
	return hasSuffix(t, word) && (len(t) == len(word) || t[len(t)-len(word)-1] == ' ')
}

func (b *pathBuilder) insn(n *Node) {
	p := b.p
	k := len(p.recs)
	rec := record{offset: n.Offset, line: uint32(n.Line), insn: uint32(n.Insn), opcode: n.Opcode, frame: uint8(b.frame)}
	if b.spec {
		rec.flags |= recSpeculative
	}
	switch {
	case k == 0:
		if p.entry.offset < 0 { // no state: the head is missing, or the kernel is old
			p.entry = resume{offset: n.Offset, line: n.Line}
		}
		p.Truncated = p.Truncated || b.fresh && n.Insn != 0 && p.Func < 0
	case b.resumed < 0 && !b.succ.has(n.Insn, b.frame):
		rec.flags |= recGap
	}
	// A line that is not printed is that of the instruction printed before.
	// That one is not known where the kernel took back text.
	if b.known || !b.takenBack && rec.flags&recGap == 0 && p.sources.id(rec.insn) == 0 {
		p.sources.set(n.Insn, b.source)
	}
	b.source = p.sources.id(rec.insn)
	if len(p.recs) == MaxSteps {
		b.forget()
	}
	b.succ = successors(n, b.frame)
	if b.succ.b == b.succ.a {
		rec.flags |= recNowhere
	}
	p.recs = append(p.recs, rec)
	b.known, b.fresh, b.returning, b.takenBack = false, false, false, false
	b.resumed = -1
	b.ended = n.Opcode == codeExit && b.frame == 0
	b.insnLine = n.Line
}

// forget drops the older half of the steps.
func (b *pathBuilder) forget() {
	p := b.p
	n := copy(p.recs, p.recs[len(p.recs)/2:])
	gone := int32(len(p.recs) - n)
	p.recs = p.recs[:n]
	moved := make(map[int32]resume)
	for i, r := range p.resumes {
		if i >= gone {
			moved[i-gone] = r
		}
	}
	p.resumes = moved
	p.Begin = max(0, p.Begin-int(gone))
	p.Truncated = true
	p.entry = resume{offset: p.recs[0].offset, line: int(p.recs[0].line)}
}

// branch takes up another branch, unless a return from a callee goes on.
func (b *pathBuilder) branch(n *Node) {
	b.waited = -1
	if n.From < 0 { // "20: safe"
		b.ended = true
		return
	}
	p := b.p
	k := len(p.recs)
	b.level2 = true
	if k > 0 && p.recs[k-1].flags&recReturn != 0 && int(p.recs[k-1].insn) == n.From && b.returning {
		b.ended = n.Safe
		return
	}
	if n.Safe {
		// A branch that was taken up and is over at once; the one to take up
		// next waits further down. Its own wait is over too.
		if i := b.waiting(n); i >= 0 {
			b.backTo(i, n)
		}
		b.ended, b.resumed, b.spec = true, -1, n.Speculative
		return
	}
	b.spec = n.Speculative
	i := b.waiting(n)
	if i < 0 { // the push is not in the log
		p.recs, p.Begin, p.Truncated = p.recs[:0], 0, true
		clear(p.resumes)
		p.entry = resume{offset: n.Offset, line: n.Line}
		b.resumed, b.ended, b.fresh = -1, false, false
		return
	}
	b.backTo(i, n)
}

// backTo drops what the path has behind step i, where n takes it up.
func (b *pathBuilder) backTo(i int, n *Node) {
	p := b.p
	b.waited = i
	for j := i; j < len(p.recs); j++ {
		if p.recs[j].flags&recResumed != 0 {
			delete(p.resumes, int32(j))
		}
	}
	p.recs = p.recs[:i+1]
	p.recs[i].flags |= recResumed
	p.recs[i].flags &^= recReturn
	p.resumes[int32(i)] = resume{offset: n.Offset, line: n.Line}
	b.resumed, b.ended, b.fresh = i, false, false
	b.frame = int(p.recs[i].frame)
	for k := len(b.walks); p.Begin > i && k > 0; k-- {
		// A callback that runs later is over. What set it goes on.
		p.Begin, p.entry = b.walks[k-1].begin, b.walks[k-1].entry
		b.walks = b.walks[:k-1]
	}
}
