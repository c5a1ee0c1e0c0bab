package rules

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/bpfdiag/bpfdiag/internal/object"
)

// callGraph is which function of a program calls which, and what each has on
// the stack.
type callGraph struct {
	functions []*object.Function
	calls     map[*object.Function][]*object.Function // in order of instructions
	size      map[*object.Function]int                // bytes
	left      int                                     // steps that a search may still take
}

// maxSearch bounds a search for a chain of calls, of which there may be
// exponentially many.
const maxSearch = 1 << 16

// callGraph builds the graph of the program. What the verifier says of the
// frames' sizes is used; else what the code of the object uses.
func (c *Case) callGraph() *callGraph {
	g := &callGraph{calls: map[*object.Function][]*object.Function{}, size: map[*object.Function]int{}, left: maxSearch}
	if c.Locate == nil || c.Object == nil {
		return g
	}
	for n := 0; ; {
		fn, i, ok := c.Locate(n)
		if !ok || len(g.functions) > 1024 {
			break
		}
		if i == 0 {
			g.functions = append(g.functions, fn)
		}
		n += max(len(fn.Insns)-i, 1)
	}
	sizes, _, _ := strings.Cut(c.Summary.Stats.StackDepth, " ")
	said := strings.Split(sizes, "+")
	for i, fn := range g.functions {
		_, depth := c.debug().StackUse(fn)
		g.size[fn] = int(depth)
		if len(said) == len(g.functions) {
			if n, err := strconv.Atoi(said[i]); err == nil {
				g.size[fn] = n
			}
		}
		for k := range fn.Insns {
			if to := c.callee(fn, k); to != nil {
				g.calls[fn] = append(g.calls[fn], to)
			}
		}
		for _, r := range fn.Relocs { // callbacks, which are called inside of the call that they are given to
			if r.Kind == object.RelocFuncAddr && r.Insn < len(fn.Insns) {
				if to := c.Object.Subprogram((int(r.Offset) + int(fn.Insns[r.Insn].Imm)) / 8); to != nil {
					g.calls[fn] = append(g.calls[fn], to)
				}
			}
		}
	}
	return g
}

// called says whether some function calls fn.
func (g *callGraph) called(fn *object.Function) bool {
	for _, to := range g.calls {
		if slices.Contains(to, fn) {
			return true
		}
	}
	return false
}

// chain finds the chain of so many functions whose frames add up to need,
// rounded as the kernel does (round_up_stack_depth: to 16 bytes with a JIT,
// to 32 in older kernels). exact is false if there is none, and the deepest
// is returned.
func (g *callGraph) chain(functions, need int) (chain []*object.Function, exact bool) {
	for _, unit := range [...]int{16, 32} {
		for _, root := range g.functions { // callbacks that run later are roots, too
			g.left = maxSearch
			if found := g.search([]*object.Function{root}, 0, functions, need, unit); found != nil {
				return found, true
			}
		}
	}
	return g.deepest(), false
}

func (g *callGraph) search(chain []*object.Function, sum, functions, need, unit int) []*object.Function {
	if g.left--; g.left < 0 {
		return nil
	}
	size := g.size[chain[len(chain)-1]]
	if unit == 32 {
		size = max(size, 1) // no frame is empty without a JIT
	}
	sum += (size + unit - 1) / unit * unit
	if len(chain) == functions {
		if sum == need {
			return append([]*object.Function(nil), chain...)
		}
		return nil
	}
	for _, to := range g.calls[chain[len(chain)-1]] {
		if found := g.search(append(chain, to), sum, functions, need, unit); found != nil {
			return found
		}
	}
	return nil
}

// toTailCall finds the chain to a function that makes a tail call, whose callers
// have so many bytes in use (check_max_stack_depth_subprog), and the tail call.
func (g *callGraph) toTailCall(used int) (chain []*object.Function, insn int) {
	for _, unit := range [...]int{16, 32} {
		g.left = maxSearch
		var walk func(chain []*object.Function, sum int) []*object.Function
		walk = func(chain []*object.Function, sum int) []*object.Function {
			last := chain[len(chain)-1]
			if g.left--; g.left < 0 || len(chain) > 64 {
				return nil
			}
			if insn = tailCall(last); insn >= 0 && sum == used {
				return chain
			}
			sum += (g.size[last] + unit - 1) / unit * unit
			for _, to := range g.calls[last] {
				if found := walk(append(slices.Clip(chain), to), sum); found != nil {
					return found
				}
			}
			return nil
		}
		for _, root := range g.functions {
			if found := walk([]*object.Function{root}, 0); found != nil {
				return found, insn
			}
		}
	}
	return nil, -1
}

// tailCall is the first tail call of a function, -1 without one.
func tailCall(fn *object.Function) int {
	const bpfTailCall = 12 // enum bpf_func_id
	for i, in := range fn.Insns {
		if in.Code == object.CodeCall && in.Src() == 0 && in.Imm == bpfTailCall {
			return i
		}
	}
	return -1
}

// deepest is the chain from the program's begin with the largest frames.
func (g *callGraph) deepest() []*object.Function {
	return g.best(func(chain []*object.Function) int {
		n := 0
		for _, fn := range chain {
			n += g.size[fn]
		}
		return n
	}, 64)
}

// longest is the chain from the program's begin with most functions, at most n.
func (g *callGraph) longest(n int) []*object.Function {
	return g.best(func(chain []*object.Function) int { return len(chain) }, n)
}

func (g *callGraph) best(value func([]*object.Function) int, depth int) (best []*object.Function) {
	if len(g.functions) == 0 {
		return nil
	}
	g.left = maxSearch
	most := -1
	var walk func(chain []*object.Function)
	walk = func(chain []*object.Function) {
		if g.left--; g.left < 0 {
			return
		}
		if v := value(chain); v > most {
			most, best = v, append([]*object.Function(nil), chain...)
		}
		if len(chain) >= depth {
			return
		}
		for _, to := range g.calls[chain[len(chain)-1]] {
			walk(append(chain, to))
		}
	}
	walk([]*object.Function{g.functions[0]})
	return best
}

// say lists a chain with its sizes.
func (g *callGraph) say(chain []*object.Function) string {
	var parts []string
	for i, fn := range chain {
		if i == 8 && len(chain) > 10 {
			parts = append(parts, fmt.Sprintf("and %d more", len(chain)-i))
			break
		}
		parts = append(parts, fmt.Sprintf("%s (%d)", quote(fn.Name), g.size[fn]))
	}
	return strings.Join(parts, ", ")
}
