package rules

import (
	"fmt"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/verifierlog"
)

var (
	_ = rule("BPF0320", pointerLeak)
	_ = rule("BPF0321", spillCorrupted)
	_ = rule("BPF0322", stackEscapes)
	_ = rule("BPF0323", speculation)
)

// perfmonOnly is why unprivileged programs are checked more strictly (allow_ptr_leaks,
// bypass_spec_v1 and bypass_spec_v4 in struct bpf_verifier_env).
const perfmonOnly = "this is checked only for programs that are loaded without CAP_PERFMON"

// pointerLeak: an address of the kernel would become a number that user space
// can see (is_pointer_value in kernel/bpf/verifier.c).
func pointerLeak(c *Case, d *diag.Diagnostic) {
	primary(d, "the address gets out here")
	var where, reg string
	s := c.failing()
	switch {
	case c.said("R0 leaks"), c.said("%R leaks addr as return value"):
		where, reg = "returned", "R0"
	case c.said("%R pointer comparison"):
		where = "compared with a number"
		primary(d, "compared here")
	case c.said("leaking pointer from stack"):
		where = "passed to a helper, as part of the stack"
	case c.said("%R leaks addr into helper"):
		where = "passed to a helper"
	case c.said("%R leaks addr into"):
		where = "stored " + map[string]string{
			"ctx": "to the context", "map": "to a map", "packet": "to the packet", "mem": "to memory", "flow keys": "to flow keys",
		}[c.leakedInto()]
	}
	d.Message = "a kernel address is " + where
	if reg == "" {
		reg = c.field(0)
	}
	// Of a store into memory the message names the source; of an atomic its address.
	l, ok := c.fault(reg)
	if s.Op == verifierlog.OpStore && s.Src >= 0 {
		l, ok = verifierlog.Reg(s.Frame, s.Src), true
	}
	if ok && isPointer(c.at(l)) {
		if name := c.exact(c.last, l, ""); name != "" {
			d.Message = fmt.Sprintf("%s is a pointer and would be %s", name, where)
		}
		note(d, "the value is %s", pointerKind(c.at(l)))
		c.whence(d, l)
	}
	if c.said("R0 leaks") || where == "returned" {
		note(d, "a program returns a number to the kernel")
	} else {
		note(d, perfmonOnly)
	}
}

// leakedInto is the end of the pattern "%R leaks addr into …".
func (c *Case) leakedInto() string {
	const begin = "%R leaks addr into "
	if t := c.match.Pattern.Text; len(t) > len(begin) {
		return t[len(begin):]
	}
	return ""
}

// spillCorrupted: bytes of a pointer that is kept on the stack are overwritten
// (check_stack_write_fixed_off, check_stack_write_var_off).
func spillCorrupted(c *Case, d *diag.Diagnostic) {
	d.Message = "this store overwrites part of a pointer kept on the stack"
	primary(d, "part of the pointer is overwritten here")
	if slot, ok := c.Path.StackSlot(c.last); ok {
		if k := c.Path.Origin(c.last, slot); k.Kind == verifierlog.LinkSpill {
			c.tell(d, k.Step, k.Loc, "the pointer is stored here")
		}
	}
	note(d, perfmonOnly)
}

// stackEscapes: the address of a variable on the stack outlives the function that
// the variable belongs to (prepare_func_exit, check_stack_write_fixed_off).
func stackEscapes(c *Case, d *diag.Diagnostic) {
	s := c.failing()
	l := verifierlog.Reg(s.Frame, 0)
	d.Message = "a function returns the address of something on its stack"
	primary(d, "returned here")
	if c.said("cannot spill") {
		d.Message = "the address of something on this function's stack is stored in its caller's"
		primary(d, "stored here")
		if s.Src >= 0 {
			l = verifierlog.Reg(s.Frame, s.Src)
		}
	}
	if name := c.exact(c.last, l, ""); name != "" {
		primary(d, name+" is an address on the stack")
	}
	c.whence(d, l)
	note(d, "a function's stack is gone when it returns")
	advise(d, "let the caller own the variable, and pass its address to the function")
}

// speculation: arithmetic that a processor could speculate beyond the bounds of
// (sanitize_ptr_alu), and stack accesses that are not masked.
func speculation(c *Case, d *diag.Diagnostic) {
	d.Message = "without CAP_PERFMON this pointer arithmetic is not possible"
	primary(d, "computed here")
	_, _, l, ok := c.operands()
	if ok && isPointer(c.at(l)) {
		note(d, "the pointer is %s", pointerKind(c.at(l)))
		c.whence(d, l)
	}
	if s := c.failing(); s.Op != verifierlog.OpALU {
		d.Message = "without CAP_PERFMON the stack cannot be accessed at a variable offset"
		primary(d, "accessed here")
	}
	note(d, "for programs loaded without CAP_PERFMON the verifier guards pointer arithmetic against speculative execution, which it can do for simple forms only")
	advise(d, "load the program with CAP_PERFMON, or access memory at constant offsets")
}
