package rules

import (
	"fmt"
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/debuginfo"
	"github.com/bpfdiag/bpfdiag/internal/sourcetext"
	"github.com/bpfdiag/bpfdiag/verifierlog"
)

var (
	_ = rule("BPF0516", constantArgument)
	_ = rule("BPF0517", constantString)
	_ = rule("BPF0518", packetArgument)
	_ = rule("BPF0520", typeArgument)
)

// constantArgument: the verifier has to know the argument's value
// (check_kfunc_args, check_func_arg in kernel/bpf/verifier.c).
func constantArgument(c *Case, d *diag.Diagnostic) {
	if strings.HasPrefix(c.match.Text, "get_local_storage()") {
		d.Message = "`bpf_get_local_storage` takes 0 as `flags`"
		primary(d, "not 0")
		if c.markArgument(d, 2) != "" {
			primary(d, "this may be another number")
		}
		h := diag.Help{Text: "pass 0", Applicability: diag.Placeholder}
		if e, ok := c.rewrite(c.sourceCall(c.last).operand(2), "0"); ok {
			h.Edits = []diag.Edit{e}
		}
		d.Helps = append(d.Helps, h)
		return
	}
	d.Message = "an argument has to be a constant here"
	a, ok := c.badArgument(d)
	if !ok {
		return
	}
	v, known := c.Path.Before(c.last, a.loc)
	d.Message = a.callee.String() + " takes a constant as " + a.callee.parameter(a.n)
	primary(d, "not the same number on every path")
	if r := rangeOf(v); known && r != "" {
		primary(d, r+" here")
	}
	c.argumentOrigin(d, a)
	d.Notes = append(d.Notes, "the verifier has to know the number itself, a range does not do")
	if a.callee.Name == "bpf_ringbuf_reserve" {
		c.reserveMost(d, a, v, known)
		return
	}
	if room := c.roomFor(a); room != "" {
		offer(d, "pass the size of "+quote(room), diag.Placeholder, c.argumentEdit(a.n, "sizeof("+room+")"))
		return
	}
	offer(d, "pass a literal or `sizeof`, or branch on the value and call with a literal in each branch", diag.Placeholder, nil)
}

// roomFor is the array that an argument may be the size of: the one in front of it.
func (c *Case) roomFor(a badArgument) string {
	name := ""
	if a.n > 1 {
		name = c.sourceCall(c.last).arg(a.n - 1)
	}
	if v := c.variable(name); v == nil || v.Type == nil || v.Type.Underlying().Kind != debuginfo.Array {
		return ""
	}
	return name
}

// reserveMost is the help for an event of variable size: the ring buffer's
// record is as large as what its pointer points to, or as the size can be.
func (c *Case) reserveMost(d *diag.Diagnostic, a badArgument, v verifierlog.Value, known bool) {
	var edits []diag.Edit
	if known && v.Bounds.Umax > 0 && v.Bounds.Umax <= 1<<16 {
		size := fmt.Sprint(v.Bounds.Umax)
		if name, n := c.assigned(); n >= int64(v.Bounds.Umax) {
			size = "sizeof(*" + name + ")"
		}
		edits = c.argumentEdit(a.n, size)
	}
	offer(d, "reserve as much as an event can have, and submit all of it; or put it together in a per-CPU array, and send what it has with `bpf_ringbuf_output`", diag.Placeholder, edits)
}

// assigned is the pointer that the failing call's result is assigned to, and how
// many bytes it points to; 0 when that is unknown.
func (c *Case) assigned() (name string, size int64) {
	call := c.sourceCall(c.last)
	if call.node == nil || call.at.Stmt == nil {
		return "", 0
	}
	for _, n := range call.at.Stmt.Exprs {
		walk(n, func(n *sourcetext.Node) {
			e := expression{node: n, file: call.file, insn: call.insn}
			if n.Kind == sourcetext.Assign && inside(call.node.Span, e.operand(1).node.Span) {
				if t := c.typeOf(e.operand(0)).Pointee(); t != nil && isName(e.operand(0).text()) {
					name, size = e.operand(0).text(), t.ByteSize()
				}
			}
		})
	}
	return name, size
}

// constantString: a format or a string to compare with, of which the verifier
// reads the text (check_reg_const_str in kernel/bpf/verifier.c).
func constantString(c *Case, d *diag.Diagnostic) {
	d.Message = "a constant string is needed here"
	text := c.match.Text
	n := 0
	for _, f := range c.match.Fields {
		n = max(n, argumentNumber(f))
	}
	k := c.callTarget("")
	if n == 0 {
		n = k.stringArgument()
	}
	if n > 0 {
		d.Message = k.String() + " takes a constant string as " + k.parameter(n)
	}
	c.markArgument(d, n)
	l, _ := c.argumentPlace(n)
	v, _ := c.Path.Before(c.last, l)
	switch {
	case strings.Contains(text, "not zero-terminated"):
		d.Message = "this string does not end with a 0"
		if k.Name != "" {
			d.Message = "the string given to " + k.String() + " does not end with a 0"
		}
		primary(d, "no byte of it is 0")
		d.Helps = append(d.Helps, diag.Help{Text: "leave room for the terminating 0: `const char s[] = \"...\"` has it", Applicability: diag.Placeholder})
		return
	case strings.HasPrefix(text, "Invalid format string"):
		d.Message = "the format string of " + k.String() + " has a conversion that it does not know"
		primary(d, "this format")
		d.Helps = append(d.Helps, diag.Help{Text: "use %d, %i, %u, %x with l or ll, %p, %pB, %pks, %pus, %pi4, %pI6 and %s only", Applicability: diag.Placeholder})
		return
	case v.Base == verifierlog.FramePtr:
		primary(d, "this string is on the stack")
	case v.Base == verifierlog.MapValue && section(v.Map) != "":
		primary(d, "this is in `"+section(v.Map)+"`, which programs and user space can write")
		if e := c.sourceCall(c.last).operand(n); isName(e.text()) {
			d.Notes = append(d.Notes, "the verifier reads the text when the program is loaded, so it has to be where nobody changes it later")
			advise(d, "declare %s as `const volatile`: then it is in .rodata, where user space can still set it before the program is loaded", quote(e.text()))
			return
		}
	case v.Base == verifierlog.MapValue && v.Map != "":
		primary(d, "this is in map "+quote(v.Map)+", which is not read-only")
	case strings.Contains(text, "constant address"):
		primary(d, "where this points to is not the same on every path")
	default:
		primary(d, "this is not read-only data of the program")
	}
	d.Notes = append(d.Notes, "the verifier reads the text when the program is loaded, so it has to be in a map that nobody changes")
	offer(d, "declare it `static const char s[] = \"...\"`, outside of functions or in one; clang puts that into .rodata", diag.Likely, c.constEdit(n))
}

// stringArgument is the parameter that is called fmt or s2 (ARG_PTR_TO_CONST_STR).
func (k callTarget) stringArgument() int {
	for i, p := range k.Params {
		if p.Name == "fmt" || p.Name == "s2" {
			return i + 1
		}
	}
	return 0
}

// packetArgument: the helper does not take packet memory from programs of
// this type, or the function may move the packet.
func packetArgument(c *Case, d *diag.Diagnostic) {
	k := c.callTarget("")
	d.Message = k.String() + " does not take memory of the packet"
	n := 0
	for _, f := range c.match.Fields {
		n = max(n, argumentNumber(f))
	}
	if strings.Contains(c.match.Text, "may change packet data") {
		d.Message = k.String() + " takes a pointer into the packet, and may move the packet"
		d.Notes = append(d.Notes, "when the packet moves, the pointer that the function was called with is no longer valid in it")
		d.Helps = append(d.Helps, diag.Help{Text: "pass the context, and have the function read `data` and `data_end` itself, also after the helper that moves the packet", Applicability: diag.Placeholder})
	} else {
		for i := 1; i <= 5 && n == 0 && c.last >= 0; i++ {
			l, _ := c.argumentPlace(i)
			if v, ok := c.Path.Before(c.last, l); ok && (v.Base == verifierlog.Packet || v.Base == verifierlog.PacketMeta) {
				n = i
			}
		}
		offer(d, "copy the bytes to a local variable first, and pass its address", diag.Likely, c.copyEdit(n, c.sizeOfArgument(n), "__builtin_memcpy(%p, %a, sizeof(%s));"))
	}
	primary(d, "called with a pointer into the packet")
	if text := c.markArgument(d, n); text != "" {
		primary(d, "this points into the packet")
	}
	if l, ok := c.argumentPlace(n); ok {
		c.evidence(c.last, l)
	}
}

// typeArgument: kfuncs that take the number of a type of the program's BTF
// (bpf_core_type_id_local, bpf_core_type_id_kernel).
func typeArgument(c *Case, d *diag.Diagnostic) {
	k := c.callTarget("")
	name := k.String()
	text := c.match.Text
	d.Message = name + " takes the type of a struct"
	primary(d, "not the type of a struct")
	c.markArgument(d, 1)
	help := ""
	switch {
	case strings.Contains(text, "struct of scalars"):
		d.Message = name + " takes the type of a struct that has numbers only"
		primary(d, "it has members that are no numbers")
		help = "allocate structs with pointers or kernel objects with `bpf_obj_new`"
	case strings.Contains(text, "special fields"):
		d.Message = name + " takes the type of a struct without special fields"
		primary(d, "this struct has a list, tree, lock, timer or kptr in it")
		help = "allocate structs with special fields with `bpf_obj_new`"
	case strings.Contains(text, "is greater than"):
		d.Message = name + " cannot allocate so large a type"
		if f := c.match.Fields; len(f) >= 2 {
			primary(d, "this type has "+f[0]+" bytes, "+f[1]+" are possible")
		}
		help = "split the type, or use a map of type BPF_MAP_TYPE_PERCPU_ARRAY"
	case strings.Contains(text, "requires prog BTF"):
		d.Message = name + " needs the program's BTF"
		primary(d, "the program was loaded without BTF")
		help = "compile with `-g`, and do not strip .BTF"
	case strings.Contains(text, "or void"):
		d.Message = name + " takes the type of a struct or `void`"
	case strings.Contains(text, "Unknown type ID"):
		d.Message = name + " is called with the number of a type that the kernel does not have"
		primary(d, "no type of the kernel has this number")
		help = "pass `bpf_core_type_id_kernel(struct ...)`, so that the loader fills in the kernel's number"
	case strings.Contains(text, "must be in range"):
		d.Message = name + " takes the number of a type"
		primary(d, "this is more than 32 bits")
		help = "pass `bpf_core_type_id_local(struct ...)`"
	case strings.Contains(text, "unable to resolve the size"):
		d.Message = "the size of the type that the pointer is to is not known"
		primary(d, "called here")
		help = "include the type's definition, not its declaration alone"
	}
	if help != "" {
		d.Helps = append(d.Helps, diag.Help{Text: help, Applicability: diag.Placeholder})
	}
}
