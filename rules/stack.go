package rules

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/object"
)

var (
	_ = rule("BPF0620", stackTooLarge)
	_ = rule("BPF0621", callDepth)
)

// The stack of a chain of calls, in bytes (MAX_BPF_STACK), and what of it may be
// in use where a function is called that tail-calls: the next program begins
// with the callers' frames below its own.
const (
	maxStack     = 512
	maxTailStack = 256
)

// stackTooLarge: the frames of a chain of calls are larger than the stack
// (check_max_stack_depth_subprog in kernel/bpf/verifier.c).
func stackTooLarge(c *Case, d *diag.Diagnostic) {
	var need, calls int
	switch f := c.numbers(); {
	case strings.HasPrefix(c.match.Text, "combined stack size") && len(f) == 2:
		calls, need = f[0], f[1]
		d.Message = fmt.Sprintf("the stack frames of a chain of %d functions need %d bytes, and %d is the most", calls, need, maxStack)
	case strings.HasPrefix(c.match.Text, "stack size of subprog") && len(f) == 2:
		need = f[1]
		d.Message = fmt.Sprintf("a stack frame needs %d bytes, and %d is the most", need, maxStack)
	case strings.HasPrefix(c.match.Text, "tail_calls are not allowed") && len(f) == 1:
		c.tailCallStack(d, f[0])
		return
	case len(f) > 0:
		d.Message = fmt.Sprintf("%s needs %d bytes of stack, which is too many here", quote(c.Program.Name), f[0])
	default:
		d.Message = "the stack of " + quote(c.Program.Name) + " is too large"
	}
	g := c.callGraph()
	chain, exact := g.chain(calls, need)
	if calls == 0 {
		chain, exact = g.deepest(), false
	}
	d.Labels = nil // the verifier was at no instruction
	large := c.frames(d, g, chain)
	switch {
	case len(chain) > 1 && exact:
		d.Notes = append(d.Notes, "the chain is "+g.say(chain)+"; each frame counts rounded up to 16 or 32 bytes")
	case len(chain) > 1:
		d.Notes = append(d.Notes, "the largest chain of calls is "+g.say(chain))
	}
	c.offStack(d, large, need-maxStack)
	if len(chain) < 2 {
		return
	}
	suggest(d, "functions that are called one behind the other, not one in the other, use the same stack, and so do variables in separate blocks")
}

// tailCallStack: a function that tail-calls is called with too much stack in use.
func (c *Case) tailCallStack(d *diag.Diagnostic, used int) {
	d.Message = fmt.Sprintf("a function that tail-calls is called with %d bytes of stack in use, and less than %d must be", used, maxTailStack)
	g := c.callGraph()
	chain, tail := g.toTailCall(used)
	d.Labels = nil
	if chain == nil {
		c.frames(d, g, g.deepest())
		c.offStack(d, nil, 0)
		return
	}
	last := chain[len(chain)-1]
	large := c.frames(d, g, chain[:len(chain)-1])
	if insn := c.insnOf(last, tail); insn >= 0 {
		if l, ok := c.label(insn, "tail call, with the stack of the callers of "+quote(last.Name)+" still in use"); ok {
			l.Primary = len(d.Labels) == 0
			d.Labels = append(d.Labels, l)
		}
	}
	if len(chain) > 2 {
		note(d, "the callers are %s; each frame counts rounded up to 16 or 32 bytes", g.say(chain[:len(chain)-1]))
	}
	c.offStack(d, large, used-maxTailStack+1)
	suggest(d, "a tail call in the program itself, not in a function that it calls, has no callers whose stack counts")
}

// offStack advises to take the largest variable off the stack, as an edit
// if that is enough: the frames are so many bytes too large.
func (c *Case) offStack(d *diag.Diagnostic, large *stackVariable, excess int) {
	if large != nil && large.Size >= int64(excess) {
		if h, ok := c.perCPU(large); ok {
			d.Helps = append(d.Helps, h)
			return
		}
	}
	suggest(d, "keep large variables in a value of a per-CPU array map with one element, instead of on the stack")
}

// numbers are the numbers of the complaint.
func (c *Case) numbers() (n []int) {
	for _, f := range c.match.Fields {
		if v, err := strconv.Atoi(f); err == nil {
			n = append(n, v)
		}
	}
	return n
}

// callDepth: more frames than the verifier keeps (MAX_CALL_FRAMES: 8, since
// Linux 7.2 sixteen), found on the path or in the graph of calls.
func callDepth(c *Case, d *diag.Diagnostic) {
	n := 8
	if f := c.numbers(); len(f) == 1 {
		n = f[0]
	}
	limit := 8
	if n > 9 {
		limit = 16
	}
	d.Message = fmt.Sprintf("a chain of calls in %s is more than %d functions deep", quote(c.Program.Name), limit)
	primary(d, "one call too deep")
	var names []string
	var chain []*object.Function
	if c.last >= 0 && strings.HasSuffix(c.match.Text, "deep") {
		for f := 1; f <= c.Path.Step(c.last).Frame; f++ {
			if s := c.Path.Callsite(c.last, f); s >= 0 {
				if p, ok := c.place(c.Path.Insn(s)); ok {
					names = append(names, p.Function)
				}
			}
		}
		if p, ok := c.place(c.Path.Insn(c.last)); ok {
			names = append(names, p.Function)
		}
		for _, name := range names {
			chain = append(chain, c.functionNamed(name))
		}
	} else {
		g := c.callGraph()
		chain = g.longest(n + 1)
		for _, fn := range chain {
			names = append(names, fn.Name)
		}
		d.Labels = nil
		if len(chain) > 1 {
			last := chain[len(chain)-1]
			before := chain[len(chain)-2]
			if fn, i, at, ok := c.callOf(before.Name, last.Name); ok {
				c.labelAt(d, fn, i, at, "one call too deep")
			}
		}
	}
	if again := repeated(names); again != "" {
		d.Message = quote(again) + " calls itself, and a chain of calls may be " + fmt.Sprint(limit) + " functions deep"
		d.Notes = append(d.Notes, "the verifier follows the calls to the end, whatever the condition for going on is")
		d.Helps = append(d.Helps, diag.Help{Text: "make the recursion a loop with an own stack in an array (a per-CPU map, or an arena since Linux 6.9)"})
		return
	}
	if len(names) > 1 {
		for i := range names {
			names[i] = quote(names[i])
		}
		d.Notes = append(d.Notes, "the chain: "+strings.Join(names, ", "))
	}
	var edits []diag.Edit
	for i := len(chain) - 1; i > 0 && edits == nil; i-- {
		edits = c.inlineEdit(chain[i])
	}
	help := "have the compiler put small functions of the chain into their callers: `static __always_inline`"
	if edits == nil {
		help += "; or call one behind the other instead of one in the other"
	}
	offer(d, help, diag.Placeholder, edits)
}

func repeated(names []string) string {
	seen := map[string]bool{}
	for _, n := range names {
		if seen[n] {
			return n
		}
		seen[n] = true
	}
	return ""
}
