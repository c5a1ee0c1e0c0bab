package rules

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/sourcetext"
	"github.com/bpfdiag/bpfdiag/verifierlog"
)

var (
	_ = rule("BPF0160", readOnlyMemory)
	_ = rule("BPF0161", mapForbids)
	_ = rule("BPF0162", readOnlyPacket)
	_ = rule("BPF0163", atomicHere)
)

// readOnlyMemory: a store through a pointer to memory that programs may only
// read (check_mem_access, check_helper_mem_access in kernel/bpf/verifier.c).
func readOnlyMemory(c *Case, d *diag.Diagnostic) {
	d.Message = "this memory can only be read"
	primary(d, "written here")
	reg := c.field(0)
	if c.said("%s() may write") {
		d.Message = quote(c.field(0)) + " may write to memory that can only be read"
		reg = c.field(1)
		primary(d, "passed here as memory to write to")
	}
	l, ok := c.fault(reg)
	if !ok {
		return
	}
	c.markArgument(d, l.Reg)
	v := c.at(l)
	what := c.exact(c.last, l, "")
	if what != "" && !c.said("%s() may write") {
		d.Message = what + " points to memory that can only be read"
	}
	link := c.whence(d, l)
	switch {
	case v.Base == verifierlog.MapKey:
		d.Message = "the key of a map element cannot be written"
		if what != "" {
			d.Message = what + " is the key of a map element, which cannot be written"
		}
		note(d, "the key decides where the element is stored")
		advise(d, "add an element with the other key by `bpf_map_update_elem`, and delete this one")
	case v.Base == verifierlog.Socket || v.Base == verifierlog.SockCommon || v.Base == verifierlog.TCPSock || v.Base == verifierlog.XDPSock:
		note(d, "it is %s, whose fields can only be read", pointerKind(v))
		advise(d, "change a socket with `bpf_setsockopt`, where this program type has it")
	case link.Kind == verifierlog.LinkResult:
		fn := string(c.Path.Step(link.Step).Func)
		c.relabel(d, link.Step, "returned by "+quote(fn)+", to be read only")
		switch fn {
		case "bpf_dynptr_slice":
			advise(d, "`bpf_dynptr_slice_rdwr` gives a slice that can be written; what is written may have to be put back with `bpf_dynptr_write`")
		case "bpf_per_cpu_ptr", "bpf_this_cpu_ptr":
			note(d, "variables of the kernel can be read, not written")
		}
	case link.Kind == verifierlog.LinkLoad:
		note(d, "the kernel passes this memory to the program to be read only")
	case v.Base == verifierlog.BTFPtr || v.Flags&verifierlog.Untrusted != 0:
		note(d, "it is %s; memory of the kernel can be read, not written", pointerKind(v))
	}
}

// mapForbids: the map's flags keep programs from this access (check_map_access_type).
func mapForbids(c *Case, d *diag.Diagnostic) {
	how, flag := "write to", "BPF_F_RDONLY_PROG"
	if c.said("read") {
		how, flag = "read", "BPF_F_WRONLY_PROG"
	}
	primary(d, map[string]string{"write to": "written here", "read": "read here"}[how])
	m := "this map"
	l, ok := c.addressed()
	if !ok && c.failing().Op == verifierlog.OpCall {
		primary(d, "not possible with this map")
		for r := 1; r <= 5; r++ {
			if a := verifierlog.Reg(c.failing().Frame, r); c.at(a).Base == verifierlog.MapPtr || c.at(a).Base == verifierlog.MapValue {
				l = a
				break
			}
		}
	}
	v := c.at(l)
	if v.Map != "" {
		m = "map " + quote(v.Map)
	}
	d.Message = m + " was made so that programs cannot " + how + " it"
	if target, _ := c.access(c.Path.Insn(c.last)); target != "" && rodata(v.Map) {
		d.Message = target + " is constant: programs cannot write to it"
	}
	if v.Base == verifierlog.MapValue && c.failing().Op == verifierlog.OpCall {
		primary(d, c.exact(c.last, l, "memory of this map")+" is passed here")
		c.markArgument(d, l.Reg)
	}
	if literals(v.Map) {
		c.writesLiteral(d, l)
		return
	}
	if rodata(v.Map) {
		note(d, "`const volatile` variables are in %s, which the loader makes read-only before the program is verified", m)
		advise(d, "declare the variable without `const`, or set it from user space before the object is loaded")
		return
	}
	c.whence(d, l)
	note(d, "a map made with `%s` cannot be %s by programs", flag, map[string]string{"write to": "written", "read": "read"}[how])
	offer(d, "remove "+quote(flag)+" from the map's `map_flags`, or leave this access to user space", diag.Placeholder, c.mapFlagEdit(v.Map, flag))
}

// rodata says whether a map is one that libbpf makes of a constant data section;
// the kernel knows the last part of its name.
func rodata(name string) bool {
	return len(name) >= 7 && (name[len(name)-7:] == ".rodata" || name == ".rodata")
}

// literals says whether a map is one that libbpf makes of a section with string
// literals, such as .rodata.str1.1.
func literals(name string) bool { return strings.Contains(name, ".rodata.str") }

// writesLiteral tells of a string literal that is written to.
func (c *Case) writesLiteral(d *diag.Diagnostic, l verifierlog.Loc) {
	d.Message = "a string literal cannot be written to"
	_, section, _ := strings.Cut(c.at(l).Map, ".rodata") // in front of it the kernel has a part of the object's name
	note(d, "string literals are in map %s, which the loader makes read-only before the program is verified", quote(".rodata"+section))
	h := diag.Help{Text: "write to an array, whose initial value the literal may be", Applicability: diag.Placeholder}
	defer func() { d.Helps = append(d.Helps, h) }()
	call := c.sourceCall(c.last)
	arg := call.operand(l.Reg)
	p, _ := c.place(c.Path.Insn(c.last))
	f, whole := c.files[p.File]
	if !whole || arg.node == nil || arg.node.Kind != sourcetext.Name {
		return
	}
	d.Message = quote(arg.text()) + " points to a string literal, which cannot be written to"
	declared := regexp.MustCompile(`(?m)\bchar\s*(\*\s*)` + regexp.QuoteMeta(arg.text()) + `()\s*=\s*("(?:\\.|[^"\\\n])*")\s*;`)
	body := f.text[call.at.Function.Body.Start:min(call.at.Function.Body.End, len(f.text))]
	m := declared.FindAllStringSubmatchIndex(body, -1)
	if len(m) != 1 {
		return
	}
	at := func(i int) int { return call.at.Function.Body.Start + m[0][i] }
	markFirst(d, mark(p.File, f.File, sourcetext.Span{Start: at(6), End: at(7)}, ""), "this literal is read-only")
	primaryFirst(d, "written to here")
	length := ""
	if size := c.at(verifierlog.Reg(l.Frame, l.Reg+1)); size.Const && l.Reg < 5 && size.Number > int64(m[0][7]-m[0][6]-1) {
		length = fmt.Sprint(size.Number) // more is written than the literal has
	}
	h.Text, h.Applicability = "make it an array with the literal as its initial value", diag.Likely
	h.Edits = []diag.Edit{
		editOf(p.File, f.Position, at(2), at(3), ""),
		editOf(p.File, f.Position, at(4), at(5), "["+length+"]"),
	}
}

// readOnlyPacket: packets cannot be written by this program type, or not by this
// attachment (may_access_direct_pkt_data).
func readOnlyPacket(c *Case, d *diag.Diagnostic) {
	primary(d, "written here")
	d.Message = "this program type cannot write to the packet"
	if c.Program.Type != "" {
		d.Message = fmt.Sprintf("a program of type `%s` cannot write to the packet", c.Program.Type)
	}
	if l, ok := c.addressed(); ok {
		if k := c.made(c.last, l); k.Kind == verifierlog.LinkLoad {
			c.tellPacket(d, k, "points into the packet")
		} else {
			c.whence(d, l)
		}
	}
	note(d, "packets are written directly by programs of type xdp, sched_cls, sched_act, sk_skb, sk_msg and lwt_xmit only")
	if c.Program.Type == "cgroup_skb" {
		advise(d, "change the packet in a program of type `tc` (sched_cls); one of type `cgroup_skb` can only let it pass or drop it")
		return
	}
	advise(d, "change the packet in a program of type `tc` (sched_cls) or `xdp`")
}

// atomicHere: atomic operations work on the stack, map values and the like, not
// on memory whose access the verifier translates (check_atomic).
func atomicHere(c *Case, d *diag.Diagnostic) {
	primary(d, "atomic operation here")
	what := "memory of type `" + c.field(1) + "`"
	if l, ok := c.fault(c.field(0)); ok {
		k := c.made(c.last, l)
		switch c.at(l).Base {
		case verifierlog.Packet, verifierlog.PacketMeta:
			what = "the packet"
			if k.Kind == verifierlog.LinkLoad {
				c.tellPacket(d, k, "points into the packet")
			}
		case verifierlog.Ctx:
			what = "the context"
		case verifierlog.Socket, verifierlog.SockCommon, verifierlog.TCPSock, verifierlog.XDPSock:
			what = "a socket"
		}
		if what != "the packet" {
			c.whence(d, l)
		}
	}
	d.Message = "there are no atomic operations on " + what
	note(d, "atomic operations work on the stack, on map values and on other memory that belongs to programs")
	if c.field(1) == "arena" {
		d.Class = diag.ClassEnvironment
		note(d, "in an arena they need a JIT compiler that supports them, which this kernel's does not")
		return
	}
	offer(d, "use an ordinary load and store", diag.Likely, c.plainArithmetic())
}
