package facts

import (
	"context"
	"slices"
	"strings"

	"github.com/bpfdiag/bpfdiag/internal/debuginfo"
	"github.com/bpfdiag/bpfdiag/internal/object"
	"github.com/bpfdiag/bpfdiag/verifierlog"
)

// Case is a program, and where its instructions come from.
type Case struct {
	Name     string
	Accepted bool
	// Cut says that the log is not whole, as a sentence; "" if it is.
	Cut    string
	Object *object.Object
	// Locate finds the function that an instruction belongs to and its index in it.
	Locate func(insn int) (fn *object.Function, i int, ok bool)
	// Info answers questions about Object; nil makes one.
	Info *debuginfo.Info
}

// Program is what the verifier knows of a program.
type Program struct {
	Name     string
	Accepted bool
	// Limits says why the facts are not those of all paths, as sentences; none if they are.
	Limits []string
	Visits int // instructions that the verifier looked at, all paths counted

	c      Case
	points []point // by number of the instruction
	lines  map[string]map[int][]run
	files  []string
}

// point is an instruction.
type point struct {
	insn   verifierlog.Insn
	visits int
	regs   [10]cell
	slots  []cell // index 0 is fp-8
	after  cell   // what it leaves in its destination
	// more is what may be there on paths that the verifier did not follow to their
	// end, because it had seen the like before; see flow.
	more []extra
	// afterMore is that of after.
	afterMore Set

	to    []int // where a computed jump was seen to go
	prune bool  // paths end here
	seen  []state
	// linked are pairs of an operand of a comparison and a place with the same number.
	linked [][2]int
	// forgotten: there were more.
	forgotten bool
}

// maxInsns bounds the instructions of a program, as the kernel does.
const maxInsns = 1 << 20

// Read reads a log of level 2. A log without a path gives a Program that knows nothing.
// Its error is the context's.
func Read(ctx context.Context, log string, c Case) (*Program, error) {
	if c.Info == nil {
		c.Info = debuginfo.New(c.Object)
	}
	p := &Program{Name: c.Name, Accepted: c.Accepted, c: c}
	r := reader{p: p, flow: flow{p: p}}
	p.markPrunes(log)
	end, err := verifierlog.Walk(strings.NewReader(log), func(v *verifierlog.Visit) bool {
		r.visit(v)
		return p.Visits&0xfff != 0 || ctx.Err() == nil
	})
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return nil, err
	}
	if c.Cut != "" {
		p.Limits = append(p.Limits, c.Cut)
	}
	if !c.Accepted && p.Visits > 0 {
		p.Limits = append(p.Limits, "the verifier rejected the program: other paths were not looked at")
	}
	if end.Lost && c.Cut == "" {
		p.Limits = append(p.Limits, "part of the way cannot be told from the log")
	}
	if !r.flow.run() {
		p.Limits = append(p.Limits, "numbers that differ on paths that the verifier joined are not followed")
	}
	for i := range p.points {
		p.points[i].seen = nil
	}
	p.index()
	return p, nil
}

// markPrunes notes the instructions at which paths end because the verifier has seen the
// like.
func (p *Program) markPrunes(log string) {
	sc := verifierlog.NewScanner(strings.NewReader(log))
	for sc.Scan() {
		if n := sc.Node(); n.Kind == verifierlog.KindBranch && n.Safe {
			if q := p.point(n.Insn); q != nil {
				q.prune = true
			}
		}
	}
}

// point is that of an instruction, nil if there cannot be one.
func (p *Program) point(insn int) *point {
	if insn < 0 || insn >= maxInsns {
		return nil
	}
	if insn >= len(p.points) {
		p.points = append(p.points, make([]point, max(insn+1-len(p.points), min(len(p.points), maxInsns-len(p.points))))...)
	}
	return &p.points[insn]
}

type reader struct {
	p    *Program
	flow flow
	last *verifierlog.FrameSnapshot // of the last visit
	at   int                        // its instruction
}

// compared is what the operands of a jump are behind it.
func compared(in *verifierlog.Insn, f *verifierlog.FrameSnapshot, taken bool) (made []seed) {
	op := in.Operator
	if !taken {
		op = opposite[op]
	}
	dst, ok := valueOf(f.Regs[in.Dst])
	src := number(exactly(in.Imm))
	if !in.HasImm && ok {
		src, ok = valueOf(f.Regs[in.Src])
	}
	if !ok || op == "" || dst.Base != verifierlog.Scalar || src.Base != verifierlog.Scalar || dst.Bytes != "" || src.Bytes != "" {
		return nil
	}
	if b, ok := narrow(op, dst.Bounds, src.Bounds, in.Wide); ok {
		made = append(made, seed{loc: in.Dst, v: number(b)})
	}
	if b, ok := narrow(mirrored[op], src.Bounds, dst.Bounds, in.Wide); ok && !in.HasImm && in.Src != in.Dst {
		made = append(made, seed{loc: in.Src, v: number(b)})
	}
	return made
}

// compute is what instruction i makes of the state in front of it, anything if that cannot
// be told.
func (r *reader) compute(q *point, i int) (v Value, any bool) {
	if r.at != i {
		return v, true
	}
	operand := func(reg int) (b verifierlog.Bounds, ok bool) {
		if reg < 0 {
			return b, false
		}
		v, ok := valueOf(r.last.Regs[reg])
		return v.Bounds, ok && v.Base == verifierlog.Scalar && v.Bytes == ""
	}
	in := &q.insn
	dst, ok := operand(in.Dst)
	src, ok2 := operand(in.Src)
	switch in.Op {
	case verifierlog.OpALU:
		if in.HasImm {
			src, ok2 = exactly(in.Imm), true
		}
		if ok && ok2 {
			return number(arithmetic(in.Operator, dst, src, in.Wide)), false
		}
	case verifierlog.OpMov:
		switch {
		case !ok2:
		case in.SignExtend > 0:
			return number(signExtended(src, in.SignExtend, in.Wide)), false
		case !in.Wide:
			return number(low32(src)), false
		}
	case verifierlog.OpLoad:
		base, ok := valueOf(r.last.Regs[in.Mem.Base])
		narrow := ok && in.Mem.Size < 8
		switch {
		case narrow && in.SignExtend == 0 && (base.Base == verifierlog.Packet || base.Base == verifierlog.MapValue || base.Base == verifierlog.Mem):
			return number(below(8 * in.Mem.Size)), false
		}
	}
	return v, true
}

func (r *reader) visit(v *verifierlog.Visit) {
	p := r.p
	q := p.point(v.Index)
	if q == nil || v.Speculative {
		return
	}
	s := v.Known()
	frame := s.Frames[v.Frame]
	var made []seed
	if from := p.visited(v.From); from != nil {
		dst := from.result()
		if from.insn.Op == verifierlog.OpExit || from.insn.Op == verifierlog.OpCall && v.Index != v.From+1 {
			dst = -1
		}
		if dst >= 0 && v.Covered && frame.Regs[dst] == nil {
			// The kernel does not print what the last instruction of a covered path did.
			x := seed{loc: dst}
			if x.v, x.any = r.compute(from, v.From); !x.any {
				from.after.add(x.v)
			}
			made = append(made, x)
		} else if dst >= 0 {
			from.after.see(frame.Regs[dst])
		}
		// Which way a jump to the next instruction went cannot be told.
		if from.insn.Op == verifierlog.OpJump && v.Covered && from.insn.Target != v.From+1 {
			made = compared(&from.insn, frame, v.Index != v.From+1)
		}
		if from.insn.Op == verifierlog.OpGotoX && !slices.Contains(from.to, v.Index) {
			from.to = append(from.to, v.Index)
		}
	}
	if v.Covered {
		r.flow.covered(v.Index, s, made)
		return
	}
	r.last, r.at = frame, v.Index
	p.Visits++
	if q.visits++; q.visits == 1 {
		q.insn = v.Insn
		q.insn.Func = append([]byte(nil), v.Func...)
	}
	for i := range q.regs {
		q.regs[i].see(frame.Regs[i])
	}
	for i := range frame.Slots {
		if i == len(q.slots) {
			q.slots = append(q.slots, cell{})
			if q.visits > 1 { // it was not known on the visits before
				q.slots[i].see(nil)
			}
		}
		q.slots[i].see(frame.Slots[i])
	}
	for i := len(frame.Slots); i < len(q.slots); i++ {
		q.slots[i].see(nil)
	}
	if q.insn.Op == verifierlog.OpJump && !q.insn.HasImm {
		q.link(frame)
	}
	if q.prune {
		q.remember(s)
	}
}

// result is the register that an instruction leaves a result in, -1 without one.
func (q *point) result() int {
	switch q.insn.Op {
	case verifierlog.OpCall:
		return 0
	case verifierlog.OpJump, verifierlog.OpStore:
		return -1
	case verifierlog.OpAtomic:
		if !q.insn.Fetch {
			return -1
		}
	}
	if q.insn.Dst >= 10 {
		return -1
	}
	return q.insn.Dst
}

// link notes which places hold the same number as an operand of a comparison: they are
// narrowed with it.
func (q *point) link(f *verifierlog.FrameSnapshot) {
	for _, reg := range [2]int{q.insn.Dst, q.insn.Src} {
		v := f.Regs[reg]
		if v == nil || v.Base != verifierlog.Scalar || v.ID == 0 {
			continue
		}
		for loc := range firstSlot + len(f.Slots) {
			w := valueAt(f, loc)
			if loc != reg && w != nil && w.Base == verifierlog.Scalar && w.ID == v.ID && !slices.Contains(q.linked, [2]int{reg, loc}) {
				q.linked = append(q.linked, [2]int{reg, loc})
			}
		}
	}
}

// remember keeps a state that paths which end here may be covered by.
func (q *point) remember(s *verifierlog.Snapshot) {
	if len(q.seen) == maxSeen {
		copy(q.seen, q.seen[1:])
		q.seen, q.forgotten = q.seen[:maxSeen-1], true
	}
	q.seen = append(q.seen, state{Snapshot: s})
}

// maxSeen bounds the states that are kept of an instruction.
const maxSeen = 256
