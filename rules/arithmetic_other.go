package rules

import (
	"fmt"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/verifierlog"
)

var (
	_ = rule("BPF0310", mixedPointers)
	_ = rule("BPF0311", addressSpaceCast)
	_ = rule("BPF0325", framePointerWrite)
	_ = rule("BPF0330", divisionByZero)
	_ = rule("BPF0331", shiftTooWide)
)

// mixedPointers: one instruction accesses memory through pointers of kinds that
// need different machine code (save_aux_ptr_type in kernel/bpf/verifier.c). The
// log of level 1 has the second path only.
func mixedPointers(c *Case, d *diag.Diagnostic) {
	d.Message = "one access is reached with pointers of two kinds"
	primary(d, "accessed here, for both kinds of pointers")
	if target, _ := c.access(c.Path.Insn(c.last)); target != "" {
		d.Message = target + " is accessed through pointers of two kinds"
	}
	if c.said("same insn cannot be used with and without arena") {
		d.Message = "one instruction is reached with an arena pointer and with another value"
		primary(d, "computed here, for both")
		note(d, "arithmetic on arena pointers is compiled to 32 bits, other arithmetic to 64")
		advise(d, "compute in each branch by itself, with `barrier_var(x)` behind it so that the compiler does not join the two")
		return
	}
	if c.said("tail_call abusing map_ptr") { // do_misc_fixups, set_map_elem_callback_state
		d.Class = diag.ClassSource
		d.Message = "one call is reached with different maps"
		primary(d, "the map is another one on another path")
		note(d, "what the kernel makes of this call depends on the map")
		advise(d, "call it in each branch, with one map each")
		return
	}
	if l, ok := c.addressed(); ok {
		if v := c.at(l); isPointer(v) {
			note(d, "on this path it is %s; another path, checked before, comes here with a pointer of another kind", pointerKind(v))
		}
		c.whence(d, l)
		if k, ok := c.moved(c.last, l); ok {
			c.tell(d, k.Step, k.Loc, "computed here on this path")
		}
	}
	note(d, "accesses of the context, of sockets, of kernel memory and of the arena are translated into other machine code than those of ordinary memory")
	advise(d, "access memory in each branch, and go on with the values instead of the pointers; where the compiler joined two equal accesses, `barrier_var(x)` behind each keeps them apart")
}

func addressSpaceCast(c *Case, d *diag.Diagnostic) {
	d.Message = "this converts a pointer between address spaces that the kernel does not know"
	primary(d, "converted here")
	note(d, "the only address spaces are 0, ordinary memory, and 1, the arena")
	advise(d, "declare pointers to the arena `__attribute__((address_space(1)))`")
}

func framePointerWrite(c *Case, d *diag.Diagnostic) {
	d.Message = "the frame pointer, r10, cannot be written"
	primary(d, "written here")
	note(d, "compilers never make such an instruction; it comes of inline assembly, or of bytecode written by hand")
}

// divisionByZero: the divisor is the constant 0 (check_alu_op); a variable one
// may be 0, and the result then is.
func divisionByZero(c *Case, d *diag.Diagnostic) {
	s := c.failing()
	d.Message = "this divides by the constant 0"
	if s.Operator == "%=" || s.Operator == "s%=" {
		d.Message = "this takes the remainder of a division by the constant 0"
	}
	primary(d, "the divisor is the constant 0")
	note(d, "dividing by a variable is allowed: where it is 0, the quotient is 0 and the remainder the dividend")
}

// shiftTooWide: a constant shift that is not smaller than the value's width
// (check_alu_op).
func shiftTooWide(c *Case, d *diag.Diagnostic) {
	s := c.failing()
	bits := 64
	if s.Op == verifierlog.OpALU && !s.Wide {
		bits = 32
	}
	d.Message = fmt.Sprintf("this shifts a value of %d bits by %s", bits, c.field(0))
	primary(d, "shifted by "+c.field(0)+" here")
	note(d, "a constant shift is from 0 to %d; C leaves a wider one undefined", bits-1)
}
