package verifierlog

import "slices"

// CallVisits counts what an instruction that calls a function of the program
// leads to: a call, or one of a helper that calls back.
type CallVisits struct {
	Insn, Callee int // Callee is the function's first instruction
	Calls        int // times that the function was entered
	Visits       int // instructions executed in it and in what it calls
}

// callTree knows which call every instruction executed is below of. Nodes are
// chains of calls, the first is the program itself.
type callTree struct {
	nodes   []callNode
	index   map[callKey]int32
	at      int32     // of the instruction before
	waiting []forkRec // jumps of the current path, with branches that may be taken up
}

type callKey struct {
	parent       int32
	site, callee int
}

type callNode struct {
	callKey
	calls, visits int
}

// forkRec is an instruction from which a branch may be taken up.
type forkRec struct {
	insn, target int32 // target of a jump, -1 of a call
	node         int32
}

// Bounds of a tree's memory, far above what programs have: a program has at
// most 256 functions, and a path a million instructions.
const (
	maxCallNodes = 1 << 16
	maxForks     = 1 << 20
)

func newCallTree() callTree {
	return callTree{nodes: make([]callNode, 1), index: make(map[callKey]int32)}
}

// enter notes a call, that of a helper too, of the function at callee.
func (t *callTree) enter(site, callee int) {
	k := callKey{t.at, site, callee}
	n, known := t.index[k]
	if !known {
		if len(t.nodes) >= maxCallNodes {
			return
		}
		n = int32(len(t.nodes))
		t.nodes = append(t.nodes, callNode{callKey: k})
		t.index[k] = n
	}
	t.nodes[n].calls++
	t.at = n
}

func (t *callTree) leave() { t.at = t.nodes[t.at].parent }

// fork notes that a branch may begin at an instruction.
func (t *callTree) fork(insn, target int) {
	if len(t.waiting) >= maxForks {
		t.waiting = slices.Delete(t.waiting, 0, maxForks/2)
	}
	t.waiting = append(t.waiting, forkRec{int32(insn), int32(target), t.at})
}

// resume goes back to where a branch from one instruction to another began; what
// came later on that path is done with, because the latest branch is taken up
// first. jump says that the branch is the jump's, not what follows it.
func (t *callTree) resume(from, to int) (jump bool) {
	for i := len(t.waiting) - 1; i >= 0; i-- {
		f := t.waiting[i]
		if int(f.insn) != from {
			continue
		}
		t.waiting = t.waiting[:i]
		t.at = f.node
		if f.target < 0 && to != from+1 { // a callback
			t.enter(from, to)
		}
		return int(f.target) == to
	}
	t.at = 0
	return false
}

// sums adds up what is below each call, most first, and gives what is below the
// calls at each instruction.
func (t *callTree) sums() (calls []CallVisits, below map[int]int) {
	below = make(map[int]int)
	index := make(map[[2]int]int)
	for i := len(t.nodes) - 1; i > 0; i-- { // parents stand before what they call
		n := &t.nodes[i]
		t.nodes[n.parent].visits += n.visits
		k := [2]int{n.site, n.callee}
		j, ok := index[k]
		if !ok {
			j = len(calls)
			index[k] = j
			calls = append(calls, CallVisits{Insn: n.site, Callee: n.callee})
		}
		calls[j].Calls += n.calls
		calls[j].Visits += n.visits
		below[n.site] += n.visits
	}
	slices.SortFunc(calls, func(x, y CallVisits) int {
		if x.Visits != y.Visits {
			return y.Visits - x.Visits
		}
		return x.Insn - y.Insn
	})
	return calls, below
}
