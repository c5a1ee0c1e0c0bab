package verifierlog

import (
	"slices"
	"strconv"
)

// Stats are the numbers that the verifier prints at the end
// (print_verification_stats in kernel/bpf/verifier.c). What a kernel does not
// print is 0.
type Stats struct {
	Known            bool // there is a line "processed … insns"
	Insns            int  // processed, over all paths
	InsnLimit        int
	TotalStates      int
	PeakStates       int
	MaxStatesPerInsn int
	MarkRead         int
	StackDepth       string // bytes of each function, as "64+32"
	StackMax         int    // bytes of the deepest chain of calls, Linux 7.2 and later
	TimeMicros       int    // verification time
	// Subprogs are the program's functions in order. Before Linux 7.3 only
	// what is printed of them: the stack, and since 7.2 InsnsSelf.
	Subprogs []Subprog
}

// Subprog is one function of a program.
type Subprog struct {
	Name       string
	Kind       string // "main", "global" or "static"
	InsnsSelf  int    // instructions processed in it
	InsnsTotal int    // and in what it calls
	Stack      int    // bytes
}

// isStats is strict where a complaint begins with the same words: "stack depth
// 520 exceeds interpreter stack depth limit".
func isStats(t []byte) bool {
	c := cursor{b: t}
	switch {
	case c.lit("processed "):
		_, ok := c.digits()
		return ok && (c.lit(" insns") || c.done())
	case c.lit("verification time "):
		_, ok := c.digits()
		return ok && (c.lit(" usec") || c.done())
	case c.lit("insns processed "):
		return c.sums() && c.done()
	case c.lit("stack depth "):
		if !c.lit("max ") && (!c.sums() || !c.done() && !c.lit(" max ")) {
			return false
		}
		c.digits()
		return c.done()
	case c.lit("subprog "):
		_, ok := c.digits()
		return ok && c.lit(" (")
	}
	return false
}

// sums goes past "64+32".
func (c *cursor) sums() bool {
	from := c.i
	for isDigit(c.peek()) || c.i > from && c.peek() == '+' {
		c.i++
	}
	return c.i > from
}

// Read adds what the text of a KindStats node says.
func (s *Stats) Read(text []byte) {
	c := cursor{b: text}
	switch {
	case c.lit("processed "):
		s.Known = true
		s.Insns, _ = c.digits()
		s.fields(&c)
	case c.lit("insns processed "):
		for i, n := range c.sum() {
			s.subprog(i).InsnsSelf = n
		}
	case c.lit("verification time "):
		s.TimeMicros, _ = c.digits()
	case c.lit("stack depth max "):
		s.StackMax, _ = c.digits()
	case c.lit("stack depth "):
		s.stack(&c)
	case c.lit("subprog "):
		s.function(&c)
	}
}

// fields reads "insns (limit 1000000) max_states_per_insn 0 …"; before Linux
// 5.2 "insns (limit 131072), stack depth 64+32".
func (s *Stats) fields(c *cursor) {
	for !c.done() {
		c.spaces()
		c.byte('(')
		switch word := c.until(' '); string(word) {
		case "limit":
			s.InsnLimit = c.next()
		case "max_states_per_insn":
			s.MaxStatesPerInsn = c.next()
		case "total_states":
			s.TotalStates = c.next()
		case "peak_states":
			s.PeakStates = c.next()
		case "mark_read":
			s.MarkRead = c.next()
		case "depth":
			c.spaces()
			s.stack(c)
		}
	}
}

func (c *cursor) next() int {
	c.spaces()
	n, _ := c.digits()
	return n
}

// stack reads "64+32" and, in Linux 7.2, " max 96" behind it.
func (s *Stats) stack(c *cursor) {
	from := c.i
	for i, n := range c.sum() {
		s.subprog(i).Stack = n
	}
	s.StackDepth = string(c.b[from:c.i])
	if c.lit(" max ") {
		s.StackMax, _ = c.digits()
	}
}

// function reads "1 (helper) static insns_self 4 insns_total 4 stack 32".
func (s *Stats) function(c *cursor) {
	i, _ := c.digits()
	if !c.lit(" (") || i != len(s.Subprogs) { // they come in order
		return
	}
	f := s.subprog(i)
	f.Name = string(c.until(')'))
	c.lit(") ")
	f.Kind = string(c.until(' '))
	for !c.done() {
		c.spaces()
		switch word := c.until(' '); string(word) {
		case "insns_self":
			f.InsnsSelf = c.next()
		case "insns_total":
			f.InsnsTotal = c.next()
		case "stack":
			f.Stack = c.next()
		}
	}
	if i > 0 {
		s.StackDepth += "+"
	}
	s.StackDepth += strconv.Itoa(f.Stack)
}

// subprog gives the i-th function, which is at most the next.
func (s *Stats) subprog(i int) *Subprog {
	if i == len(s.Subprogs) {
		s.Subprogs = append(s.Subprogs, Subprog{})
	}
	return &s.Subprogs[min(i, len(s.Subprogs)-1)]
}

// sum reads "64+32".
func (c *cursor) sum() []int {
	var ns []int
	for {
		n, ok := c.digits()
		if !ok {
			return ns
		}
		ns = append(ns, n)
		if !c.byte('+') {
			return slices.Clip(ns)
		}
	}
}
