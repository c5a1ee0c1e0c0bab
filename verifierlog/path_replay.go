package verifierlog

// valueIndex is what questions about values need. It is filled at the first.
type valueIndex struct {
	ready    bool
	operands [][2]vid  // of each step
	saved    []machine // states at steps Begin, Begin+every, …
	cells    int       // places in saved
	every    int
	now      machine // the last one asked for
	state    State
	open     []Resource
	first    []int // references held at the begin
}

const (
	savedMax   = 256     // states that are saved
	savedCells = 1 << 16 // places in all of them, of about 400 bytes
	savedEvery = 16      // steps between them, doubled as often as needed
)

func (x *valueIndex) reset() { *x = valueIndex{every: savedEvery} }

// prepare reads the states of the whole path once.
func (p *Path) prepare() {
	x := &p.values
	if x.ready || p.Begin >= len(p.recs) {
		return
	}
	x.ready = true
	x.operands = make([][2]vid, len(p.recs))
	p.beginning(&x.now)
	x.first = append(x.first, x.now.refs...)
	p.run(&x.now, len(p.recs), func(m *machine, in *Insn) {
		x.operands[m.at-1] = m.operands
		p.resources(m, in)
		if (m.at-p.Begin)%x.every == 0 {
			x.save(m)
		}
	})
}

func (x *valueIndex) save(m *machine) {
	if n := len(x.saved); n == savedMax || n > 1 && x.cells > savedCells {
		x.cells = 0
		for i := range n / 2 { // keep every second
			x.saved[i], x.saved[2*i+1] = x.saved[2*i+1], machine{}
			x.cells += x.saved[i].cells()
		}
		clear(x.saved[n/2:])
		x.saved = x.saved[:n/2]
		x.every *= 2
		if n%2 == 0 { // m is one of the others
			return
		}
	}
	x.saved = append(x.saved, machine{})
	m.copyTo(&x.saved[len(x.saved)-1])
	x.cells += m.cells()
}

// beginning makes m the state at the begin of the walk.
func (p *Path) beginning(m *machine) {
	m.start(p.Begin)
	if p.entry.offset < 0 {
		return
	}
	p.sc.Reset(p.section(p.entry.offset, p.recs[p.Begin].offset))
	var f stateFilter
	for p.sc.Scan() {
		if n := p.sc.Node(); f.now(n) {
			n.State(&p.values.state)
			m.print(noStep, &p.values.state, 0)
			m.begun, m.whole = !p.Truncated, !p.Truncated && p.incremental
		}
	}
	m.unwritten(0)
	p.fail(p.sc.Err())
	m.at = p.Begin
	m.released = nil
}

// stateAt gives the state in front of step i, valid until the next call. Step
// Len() is behind the last.
func (p *Path) stateAt(i int) *machine {
	if i < p.Begin || i > len(p.recs) || len(p.recs) == 0 || p.Begin >= len(p.recs) {
		return nil
	}
	p.prepare()
	x := &p.values
	if x.now.at > i || i-x.now.at > x.every {
		k := min((i-p.Begin)/x.every, len(x.saved))
		if k > 0 {
			x.saved[k-1].copyTo(&x.now)
		} else {
			p.beginning(&x.now)
		}
	}
	p.run(&x.now, i, nil)
	return &x.now
}

// run goes on from m to the state in front of step to, and calls after behind
// each step.
func (p *Path) run(m *machine, to int, after func(*machine, *Insn)) {
	for m.at < to {
		from := m.at
		last := from // of the steps that are one piece of the log
		for last < to-1 && p.recs[last].flags&recResumed == 0 {
			last++
		}
		p.piece(m, from, last, after)
	}
}

// piece goes on over the steps from to last, all but the last with their
// states behind them.
func (p *Path) piece(m *machine, from, last int, after func(*machine, *Insn)) {
	end := p.end(last)
	resumed := p.recs[last].flags&recResumed != 0
	switch {
	case resumed:
		end = p.recs[last].offset + 1024
	case end < 0: // the path's last step
		end = p.recs[last].offset + restSize
	}
	base := p.recs[from].offset
	p.sc.Reset(p.section(base, end))
	var (
		f    stateFilter
		in   Insn
		step = from - 1
		st   = &p.values.state
	)
	done := func() {
		if step < from {
			return
		}
		m.settle(step, &in, int(p.recs[step].frame), p.next(step))
		m.at = step + 1
		if after != nil {
			after(m, &in)
		}
	}
	for p.sc.Scan() {
		n := p.sc.Node()
		if n.Kind == KindInsn {
			if step == last { // only at the log's end
				break
			}
			if base+n.Offset != p.recs[step+1].offset {
				continue
			}
			done()
			step++
			in = n.Decode()
			in.Func = append([]byte(nil), in.Func...)
			if p.recs[step].flags&recGap != 0 {
				m.forget()
			}
			m.exec(step, &in, int(p.recs[step].frame), p.next(step))
			f.now(n)
			if step == last && resumed {
				break
			}
			continue
		}
		if f.now(n) && step >= from {
			n.State(st)
			m.print(step, st, p.recs[step].opcode)
		}
	}
	p.fail(p.sc.Err())
	if step < last { // the log is not what it was
		m.at = last + 1
		return
	}
	if resumed {
		p.printed(p.sc, last, func(n *Node) {
			n.State(st)
			m.print(last, st, p.recs[last].opcode)
		})
	}
	done()
}

func (p *Path) next(i int) *record {
	if i+1 < len(p.recs) {
		return &p.recs[i+1]
	}
	return nil
}
