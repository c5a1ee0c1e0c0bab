package rules

import (
	"fmt"
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/verifierlog"
)

var (
	_ = rule("BPF0170", misaligned)
	_ = rule("BPF0181", jumpTableAccess)
)

// misaligned: an address is no multiple of the access's size, in memory where it
// has to be (check_generic_ptr_alignment, check_pkt_ptr_alignment).
func misaligned(c *Case, d *diag.Diagnostic) {
	size := c.field(len(c.match.Fields) - 1)
	what := "this access"
	if target, _ := c.access(c.Path.Insn(c.last)); target != "" {
		what = target
	}
	d.Message = fmt.Sprintf("%s is not aligned to %s bytes", what, size)
	primary(d, size+" bytes are accessed here at once")
	memory := strings.TrimSpace(c.field(0))
	if c.said("misaligned packet") {
		memory = "packet"
	}
	l, ok := c.addressed()
	if ok {
		c.tellMoved(d, l, "the address is computed here")
	}
	atomic := c.Path.Step(c.last).Op == verifierlog.OpAtomic
	switch {
	case atomic:
		// check_atomic_rmw asks check_mem_access for strict alignment.
		note(d, "atomic operations need an aligned address on every architecture")
	case memory == "stack":
		note(d, "on the stack, what is accessed as %s bytes has to lie at a multiple of %s on every architecture", size, size)
	case memory == "packet":
		d.Class = diag.ClassEnvironment
		note(d, "the packet begins at an address that is 2 behind a multiple of 4, and this architecture has no unaligned access")
	case memory == "context":
		note(d, "the fields of a context lie at multiples of their sizes")
	default:
		note(d, "this architecture, or a flag of the load, asks for aligned accesses; an unaligned one is possible on x86-64 and arm64")
	}
	if atomic {
		advise(d, "let the address be a multiple of %s: an own variable or member of that size, and an index that counts whole elements", size)
		return
	}
	advise(d, "copy the bytes with `__builtin_memcpy` to a variable, or declare the structure `__attribute__((packed))`: the compiler then accesses single bytes")
}

// jumpTableAccess: an indirect jump's table is read in another way than entry by
// entry (check_mem_access, of maps of type insn_array).
func jumpTableAccess(c *Case, d *diag.Diagnostic) {
	d.Message = fmt.Sprintf("%s bytes are no whole entry of the jump table", c.field(0))
	primary(d, "read here")
	note(d, "an entry of a jump table is 8 bytes")
}
