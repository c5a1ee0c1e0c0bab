package verifierlog

import "strings"

// ResourceKind is what a program holds and must give back.
type ResourceKind uint8

const (
	ResReference ResourceKind = iota // a reference: socket, ring buffer record, kptr, iterator, dynptr
	ResLock                          // bpf_spin_lock, bpf_res_spin_lock
	ResRCU                           // bpf_rcu_read_lock
	ResPreempt                       // bpf_preempt_disable
	ResIRQ                           // bpf_local_irq_save
)

func (k ResourceKind) String() string {
	if k <= ResIRQ {
		return [...]string{"reference", "lock", "rcu", "preempt", "irq"}[k]
	}
	return "invalid"
}

// Resource is something that the program holds on a stretch of the path.
type Resource struct {
	Kind ResourceKind
	// ID is what states call it ("refs=2", "ref_obj_id=2"); 0 where they do not.
	ID int
	// Func is the function that gave it, "" if the log does not tell.
	Func string
	// Acquired is the step that took it; -1: held when the walk began.
	Acquired int
	// Released is the step behind which it is not held any more, -1 if it is
	// held to the end. Null says that nothing was released: the step is a
	// check that found that there is none, the pointer being NULL.
	Released int
	Null     bool
}

// Open are the references, locks and sections held in front of step i, in the
// order in which they were taken. Open(Len()) are those held at the end: what
// "Unreleased reference" is about.
func (p *Path) Open(i int) []Resource {
	var open []Resource
	for _, r := range p.Resources() {
		if r.Acquired < i && (r.Released < 0 || r.Released >= i) {
			open = append(open, r)
		}
	}
	return open
}

// Resources are all that the path holds at some step, in the order in which
// they were taken.
func (p *Path) Resources() []Resource {
	p.prepare()
	return p.values.open
}

// sections are the calls that open and close what has no id in all kernels.
var sections = []struct {
	kind        ResourceKind
	open, close string
}{
	{ResLock, "bpf_spin_lock", "bpf_spin_unlock"},
	{ResLock, "bpf_res_spin_lock", "bpf_res_spin_unlock"},
	{ResLock, "bpf_res_spin_lock_irqsave", "bpf_res_spin_unlock_irqrestore"},
	{ResRCU, "bpf_rcu_read_lock", "bpf_rcu_read_unlock"},
	{ResPreempt, "bpf_preempt_disable", "bpf_preempt_enable"},
	{ResIRQ, "bpf_local_irq_save", "bpf_local_irq_restore"},
}

// resources notes what the step behind m took and gave back.
func (p *Path) resources(m *machine, in *Insn) {
	x := &p.values
	step := m.at - 1
	name := ""
	if in.Op == OpCall && in.Call != CallSubprog {
		name = string(in.Func)
	}
	if step == p.Begin {
		for _, id := range x.first {
			x.open = append(x.open, Resource{ID: id, Acquired: noStep, Released: noStep})
		}
	}
	last := step == len(p.recs)-1 // a call that failed took nothing
	opened := ResReference
	for _, s := range sections {
		switch name {
		case "":
		case s.open:
			opened = s.kind
			if !last {
				x.open = append(x.open, Resource{Kind: s.kind, Func: name, Acquired: step, Released: noStep})
			}
		case s.close:
			if !last {
				x.close(step, s.kind, s.open)
			}
		}
	}
	for _, id := range m.released {
		x.release(step, id, in.Op == OpJump)
	}
	if !m.refsRead {
		return
	}
	for _, id := range m.refs {
		if !x.holds(id) {
			if k := len(x.open); opened != ResReference && k > 0 && x.open[k-1].Acquired == step && x.open[k-1].ID == 0 {
				x.open[k-1].ID = id // newer kernels count locks among the references
				continue
			}
			x.open = append(x.open, Resource{ID: id, Func: name, Acquired: step, Released: noStep})
		}
	}
}

func (x *valueIndex) holds(id int) bool {
	for k := range x.open {
		if x.open[k].ID == id && x.open[k].Released < 0 {
			return true
		}
	}
	return false
}

func (x *valueIndex) release(step, id int, null bool) {
	for k := range x.open {
		if r := &x.open[k]; r.ID == id && r.Released < 0 {
			r.Released, r.Null = step, null
		}
	}
}

// close ends the section opened last.
func (x *valueIndex) close(step int, kind ResourceKind, by string) {
	for k := len(x.open) - 1; k >= 0; k-- {
		if r := &x.open[k]; r.Kind == kind && r.Released < 0 && strings.HasPrefix(r.Func, by) {
			r.Released = step
			return
		}
	}
}
