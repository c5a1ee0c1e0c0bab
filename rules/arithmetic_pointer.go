package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/sourcetext"
	"github.com/bpfdiag/bpfdiag/verifierlog"
)

var (
	_ = rule("BPF0301", arithmeticForbidden)
	_ = rule("BPF0302", pointerOperator)
	_ = rule("BPF0303", pointerTruncated)
	_ = rule("BPF0304", pointerPlusPointer)
	_ = rule("BPF0305", pointerSubtracted)
)

// operands are the places that the failing arithmetic instruction combines, the
// one that it writes first, and the one of them that holds a pointer. A constant
// operand has no place.
func (c *Case) operands() (dst, src, pointer verifierlog.Loc, ok bool) {
	s := c.failing()
	if s.Op != verifierlog.OpALU && s.Op != verifierlog.OpMov && s.Op != verifierlog.OpNeg && s.Op != verifierlog.OpByteOrder || s.Dst < 0 {
		return
	}
	none := verifierlog.Loc{Reg: -1}
	dst, src = verifierlog.Reg(s.Frame, s.Dst), none
	if s.Src >= 0 && !s.HasImm {
		src = verifierlog.Reg(s.Frame, s.Src)
	}
	pointer = dst
	if src != none && (s.Op == verifierlog.OpMov || !isPointer(c.at(dst)) && isPointer(c.at(src))) {
		pointer = src
	}
	return dst, src, pointer, true
}

func isPointer(v verifierlog.Value) bool {
	switch v.Base {
	case verifierlog.NotInit, verifierlog.Scalar, verifierlog.StackBytes, verifierlog.OtherType:
		return false
	}
	return true
}

// arithmeticForbidden: the kind of pointer has no arithmetic (adjust_ptr_min_max_vals
// in kernel/bpf/verifier.c).
func arithmeticForbidden(c *Case, d *diag.Diagnostic) {
	d.Message = "a pointer of type `" + c.field(1) + "` cannot be moved"
	primary(d, "moved here")
	_, _, l, ok := c.operands()
	if !ok {
		return
	}
	v := c.at(l)
	what := c.exact(c.last, l, "this")
	if isPointer(v) {
		d.Message = what + " is " + pointerKind(v) + ", which cannot be moved"
	}
	link := c.whence(d, l)
	switch v.Base {
	case verifierlog.PacketEnd:
		if link.Kind == verifierlog.LinkLoad {
			c.relabel(d, link.Step, "the end of the packet")
		}
		note(d, "the end of the packet can be compared with pointers into it, and nothing else")
		if e, ok := c.otherSide(); ok {
			d.Helps = append(d.Helps, diag.Help{Text: "add on the other side of the comparison", Applicability: diag.Safe, Edits: []diag.Edit{e}})
			return
		}
		advise(d, "add to the pointer on the other side of the comparison instead: `data + size > data_end`")
	case verifierlog.MapPtr:
		advise(d, "get at a map's elements with `bpf_map_lookup_elem`")
	case verifierlog.FlowKeys:
		note(d, "flow keys are accessed at constant offsets")
	case verifierlog.Socket, verifierlog.SockCommon, verifierlog.TCPSock, verifierlog.XDPSock:
		note(d, "the fields of a socket are accessed by name; there is no array of sockets to move in")
	}
}

// pointerOperator: an operator other than + and - (adjust_ptr_min_max_vals,
// check_alu_op).
func pointerOperator(c *Case, d *diag.Diagnostic) {
	operator := strings.TrimSuffix(c.field(1), "=") // what the instruction is: "a >>= b"
	d.Message = "a pointer takes + and - only"
	if operator != "" {
		d.Message += ", not " + quote(operator)
	}
	primary(d, "computed here")
	_, _, l, ok := c.operands()
	if !ok {
		return
	}
	if name := c.exact(c.last, l, ""); name != "" {
		d.Message = name + " is a pointer, which takes + and - only"
		if operator != "" {
			d.Message += ", not " + quote(operator)
		}
	}
	what := pointerKind(c.at(l))
	c.whence(d, l)
	if !slices.ContainsFunc(d.Labels, func(l diag.Label) bool { return l.Text == what }) {
		note(d, "it is %s", what)
	}
	c.markOperator(d, operator)
	if c.at(l).Base == verifierlog.BTFPtr {
		advise(d, "use the pointer as a key as it is: a hash map finds an element for `__u64 key = (__u64)pointer`")
		return
	}
	advise(d, "compute with the distance between two pointers, `p - data`, which is a number, and add the result to the pointer")
}

// markOperator makes the expression with an operator the primary place, if the
// failing instruction's function has one alone: the compiler computes where it likes.
func (c *Case) markOperator(d *diag.Diagnostic, operator string) {
	at, file, ok := c.source(c.Path.Insn(c.last))
	if !ok || at.Expr != nil && at.Expr.Operator == operator {
		return
	}
	var found *sourcetext.Node
	several := false
	c.expressions(at.Function, file, func(n *sourcetext.Node) {
		if n.Kind == sourcetext.Binary && n.Operator == operator || n.Kind == sourcetext.Assign && n.Operator == operator+"=" {
			several = several || found != nil && found.Span != n.Span
			found = n
		}
	})
	if found != nil && !several {
		markSpan(d, file, found.Span)
	}
}

// pointerTruncated: an operation or a store takes part of a pointer only
// (check_stack_write_fixed_off, check_stack_read_fixed_off, check_alu_op).
func pointerTruncated(c *Case, d *diag.Diagnostic) {
	s := c.failing()
	primary(d, "computed here")
	d.Message = "part of a pointer is used as a number"
	switch s.Op {
	case verifierlog.OpStore, verifierlog.OpLoad:
		size := bytesOf(int64(s.Mem.Size))
		d.Message = "only part of a pointer is stored"
		primary(d, size+" of a pointer are stored here")
		if s.Op == verifierlog.OpLoad {
			d.Message = "only part of a pointer that is on the stack is loaded"
			primary(d, size+" are loaded here")
			if slot, ok := c.Path.StackSlot(c.last); ok {
				k := c.Path.Origin(c.last, slot)
				if k.Kind == verifierlog.LinkSpill {
					c.tell(d, k.Step, k.Loc, "a pointer is stored here, as 8 bytes")
				}
			}
		} else if s.Src >= 0 {
			l := verifierlog.Reg(s.Frame, s.Src)
			if isPointer(c.at(l)) {
				if name := c.exact(c.last, l, ""); name != "" {
					d.Message = "only part of the pointer " + name + " is stored"
				}
				note(d, "the value is %s", pointerKind(c.at(l)))
				c.whence(d, l)
			}
		}
		note(d, "on the stack a pointer is stored and loaded as a whole: 8 bytes")
		advise(d, "use a variable of a pointer type, or of type `unsigned long`")
		return
	}
	_, _, l, ok := c.operands()
	if !ok {
		return
	}
	if name := c.exact(c.last, l, ""); name != "" && isPointer(c.at(l)) {
		d.Message = "part of the pointer " + name + " is used as a number"
	}
	link := c.whence(d, l)
	if isPointer(c.at(l)) {
		note(d, "it is %s; the operation takes its lower 32 bits only", pointerKind(c.at(l)))
		if link.Kind == verifierlog.LinkLoad && c.memoryBefore(link).Base == verifierlog.Ctx {
			note(d, "`data` and the like are declared as 32-bit numbers, but what is loaded from them is a pointer")
		}
	}
	advise(d, "convert it to a pointer or `unsigned long` first, so that all 64 bits take part: `(void *)(long)ctx->data`")
}

// pointerPlusPointer: both operands are pointers, and the operator is not - (adjust_reg_min_max_vals).
func pointerPlusPointer(c *Case, d *diag.Diagnostic) {
	operator := c.field(1)
	d.Message = "two pointers are combined by " + quote(operator)
	primary(d, "both sides are pointers")
	dst, src, _, ok := c.operands()
	if !ok || src.Reg < 0 {
		return
	}
	left, right := c.exact(c.last, dst, ""), c.exact(c.last, src, "")
	if left != "" && right != "" && left != right {
		d.Message = fmt.Sprintf("%s and %s are both pointers and cannot be combined by %s", left, right, quote(operator))
	}
	c.whence(d, dst)
	c.whence(d, src)
	l, r := pointerKind(c.at(dst)), pointerKind(c.at(src))
	if l == r {
		note(d, "each is %s", l)
	} else {
		note(d, "one is %s, the other %s", l, r)
	}
	advise(d, "the only number that two pointers make is their difference; add that to one of them")
}

// pointerSubtracted: number - pointer, or a pointer to the stack that is moved
// by a subtraction (adjust_ptr_min_max_vals).
func pointerSubtracted(c *Case, d *diag.Diagnostic) {
	primary(d, "subtracted here")
	dst, src, l, ok := c.operands()
	name := "a pointer"
	if ok {
		if isPointer(c.at(l)) {
			name = c.exact(c.last, l, name)
		}
		c.whence(d, l)
	}
	if c.said("%R subtraction from stack") {
		d.Message = "the address of something on the stack is moved by a subtraction"
		note(d, "addresses on the stack can be added to only")
		advise(d, "add a negative number instead")
		return
	}
	d.Message = name + " cannot be subtracted from a number"
	if ok && src.Reg >= 0 {
		if n := c.exact(c.last, dst, ""); n != "" {
			d.Message = name + " is a pointer and cannot be subtracted from the number " + n
		}
		if isPointer(c.at(l)) {
			note(d, "the pointer is %s", pointerKind(c.at(l)))
		}
	}
	advise(d, "subtract pointers from pointers only: `data_end - data` is a number")
}
