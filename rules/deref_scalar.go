package rules

import (
	"fmt"
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/verifierlog"
)

var (
	_ = ruleByPath("BPF0130", scalarDereference)
	_ = rule("BPF0131", pointerDereference)
)

// scalarDereference: memory is accessed through what is a number to the verifier
// (check_mem_access in kernel/bpf/verifier.c). The path tells why it is one.
func scalarDereference(c *Case, d *diag.Diagnostic) {
	d.Message = "a number is used as a pointer here"
	primary(d, "accessed as memory here")
	l, ok := c.fault(c.field(0))
	if !ok {
		return
	}
	if loss, lost := c.Path.Lost(c.last, l); lost {
		c.lostPointer(d, l, loss)
		return
	}
	if v := c.at(l); v.Base == verifierlog.Scalar && v.Const && v.Number >= 0 && v.Number < 4096 {
		c.knownNull(d, l, v)
		return
	}
	root := c.root(c.last, l)
	if c.kernelAddress(root, l) {
		c.needsProbeRead(d, l, root)
		return
	}
	if name := c.dereferenced(l); name != "" {
		d.Message = name + " is a number here, not a pointer"
	}
	primary(d, "used as a pointer here")
	c.becameNumber(d, l)
}

// becameNumber tells where a value stopped being a pointer, or that it never was one.
func (c *Case) becameNumber(d *diag.Diagnostic, l verifierlog.Loc) {
	k := c.made(c.last, l)
	s := c.Path.Step(k.Step)
	switch k.Kind {
	case verifierlog.LinkLoad:
		from := c.memoryBefore(k)
		switch from.Base {
		case verifierlog.MapValue, verifierlog.MapKey:
			c.tell(d, k.Step, k.Loc, "loaded from "+strings.TrimPrefix(pointerKind(from), "a pointer to "))
			note(d, "what is loaded from a map is a number to the verifier, also if a pointer was stored there; the exceptions are members declared `__kptr` and the like")
			advise(d, "keep pointers in local variables, or in a structure on the stack; in maps keep offsets")
		case verifierlog.Ctx:
			c.tell(d, k.Step, k.Loc, "loaded from the context, as a number")
		case verifierlog.Packet, verifierlog.PacketMeta:
			c.tell(d, k.Step, k.Loc, "loaded from the packet")
			note(d, "what is in a packet is a number to the verifier")
		default:
			c.tell(d, k.Step, k.Loc, "loaded here, as a number")
		}
	case verifierlog.LinkRead, verifierlog.LinkWritten:
		c.tell(d, k.Step, k.Loc, "loaded from the stack, as a number")
		note(d, "the stack keeps a pointer as one only when all of its 8 bytes are stored and loaded at once")
	case verifierlog.LinkMove32, verifierlog.LinkExtend:
		c.tell(d, k.Step, k.Loc, "only part of the value is kept here")
		note(d, "a pointer has 64 bits; what is left of it in a smaller type is a number")
		advise(d, "keep the pointer in a variable of a pointer type, or of type `unsigned long`")
	case verifierlog.LinkArith:
		c.tell(d, k.Step, k.Loc, "computed here: the result is a number")
	case verifierlog.LinkConst:
		c.tell(d, k.Step, k.Loc, fmt.Sprintf("set to %d here", s.Imm))
	case verifierlog.LinkResult:
		if s.Call == verifierlog.CallSubprog {
			c.tell(d, k.Step, k.Loc, "to its callers this global function returns a number")
			note(d, "the verifier checks a global function on its own; its callers see the result as a number, whatever its type")
			advise(d, "make the function static, so that the verifier follows the call")
			return
		}
		c.tell(d, k.Step, k.Loc, quote(string(s.Func))+" returns a number")
	case verifierlog.LinkEntry, verifierlog.LinkArgument:
		if c.Path.Func >= 0 {
			note(d, "the verifier checks the global function `%s` on its own, and takes this argument for a number", c.Path.Name)
			advise(d, "declare the parameter as a pointer to a type of a known size, or make the function static")
		}
	case verifierlog.LinkCallback:
		note(d, "the kernel passes this argument to the callback as a number")
	}
}

// memoryBefore is what the pointer that a load went through was.
func (c *Case) memoryBefore(k verifierlog.Link) verifierlog.Value {
	if len(k.From) == 0 {
		return verifierlog.Value{}
	}
	v, _ := c.Path.Before(k.Step, k.From[0])
	return v
}

// knownNull: the value is NULL, or a small number as `&p->member` of NULL is.
func (c *Case) knownNull(d *diag.Diagnostic, l verifierlog.Loc, v verifierlog.Value) {
	if k := c.made(c.last, l); k.Kind == verifierlog.LinkResult && v.Number == 0 && isIteratorNext(string(c.Path.Step(k.Step).Func)) {
		// The verifier goes on with NULL first, where an iterator may have ended.
		recode(d, "BPF0101")
		name := c.name(c.last, l)
		d.Message = c.exact(c.last, l, "this pointer") + " may be NULL here"
		primary(d, "used here without a check")
		c.nullStory(d, l, name, "on the path to this line nothing compares %s with NULL")
		return
	}
	what := c.exact(c.last, l, "the pointer")
	d.Message = what + " is NULL on this path"
	if v.Number != 0 {
		d.Message = fmt.Sprintf("%s is the number %d on this path", what, v.Number)
	}
	primary(d, "accessed here")
	k := c.made(c.last, l)
	switch k.Kind {
	case verifierlog.LinkConst:
		c.tell(d, k.Step, k.Loc, fmt.Sprintf("set to %d here", v.Number))
	case verifierlog.LinkCallback:
		note(d, "the kernel passes %s as %d to this callback on this path", what, v.Number)
	default:
		c.origin(d, c.last, l, "")
	}
	checks := c.Path.Checks(c.last, l)
	for i := len(checks) - 1; i >= 0; i-- {
		k := checks[i]
		if k.HasImm && k.Imm == 0 && k.SubjectNarrowed && k.Taken == (k.Operator == "==") {
			c.tell(d, k.Step, k.Loc, "this path goes on where it is NULL")
			break
		}
	}
}

// lostPointer: the value was a pointer until a call made it useless
// (clear_all_pkt_pointers, release_reference, invalidate_non_owning_refs).
func (c *Case) lostPointer(d *diag.Diagnostic, l verifierlog.Loc, loss verifierlog.Loss) {
	s := c.Path.Step(loss.Step)
	callee := string(s.Func)
	if fn, _, ok := c.function(s.Target); ok && s.Call == verifierlog.CallSubprog {
		callee = fn.Name
	}
	by := "this call"
	if callee != "" {
		by = quote(callee)
	}
	what := c.dereferenced(l)
	if what == "" {
		what = c.exact(loss.Step, loss.Loc, "the pointer")
	}
	switch packet := loss.Was.Base; {
	case packet == verifierlog.Packet || packet == verifierlog.PacketMeta || packet == verifierlog.PacketEnd,
		packet == verifierlog.NotInit && !endsLife(callee):
		recode(d, "BPF0132")
		d.Message = what + " points into the packet as it was before " + by
		if k := c.made(loss.Step, loss.Loc); k.Kind == verifierlog.LinkLoad {
			c.tellPacket(d, k, "points into the packet")
		} else {
			c.origin(d, loss.Step, loss.Loc, "")
		}
		c.tell(d, loss.Step, loss.Loc, "may move the packet: pointers into it, and checks of them, end here")
		primary(d, "used after the call")
		if loss.Likely {
			note(d, "something that the called function does may move the packet")
		}
		if moving[callee] {
			if edits := c.readEarlier(loss.Step); edits != nil {
				offer(d, "read it before the packet is moved", diag.Likely, edits)
				return
			}
		}
		c.reloadPacket(d, by, loss.Step)
	default:
		recode(d, "BPF0133")
		link := c.origin(d, loss.Step, loss.Loc, "")
		primary(d, "used after that")
		acquired := "acquired here"
		slice := strings.Contains(string(c.Path.Step(link.Step).Func), "_dynptr_")
		if slice {
			acquired = "taken here"
		}
		switch {
		case s.Op != verifierlog.OpCall:
			d.Message = what + " is used after what it belongs to was overwritten"
			c.tell(d, loss.Step, loss.Loc, "overwritten here")
		case slice && endsLife(callee) && strings.Contains(callee, "dynptr"):
			d.Message = what + " is used after the dynptr that it belongs to was released"
			c.tell(d, loss.Step, loss.Loc, "the dynptr is released here")
			text := "make the access before " + by + ", or copy what is needed from it"
			offer(d, text, diag.Likely, c.releaseBehind(loss.Step, strings.Trim(what, "`")))
		case strings.Contains(callee, "unlock"):
			d.Message = what + " is used after the lock that protected it was released"
			c.tell(d, loss.Step, loss.Loc, "the pointer is good until here")
			advise(d, "do all that needs the pointer before %s", by)
		case slice && !endsLife(callee), loss.Was.Base == verifierlog.Mem && loss.Was.ParentID != 0 && !endsLife(callee):
			d.Message = what + " is used after " + by + " made it invalid"
			c.tell(d, loss.Step, loss.Loc, "slices taken before this call end here")
			advise(d, "take the slice again after %s", by)
		default:
			d.Message = what + " is used after it was released"
			c.tell(d, loss.Step, loss.Loc, "released here")
			text := "move the access in front of " + by + ", or copy what is needed from it before"
			edits := c.moveBefore(c.Path.Insn(c.last), loss.Step)
			if edits == nil {
				edits = c.releaseBehind(loss.Step, strings.Trim(what, "`"))
			}
			offer(d, text, diag.Likely, edits)
		}
		if link.Kind == verifierlog.LinkResult && link.Step >= 0 {
			c.relabel(d, link.Step, acquired)
		}
	}
}

// endsLife says whether a function gives back what it is passed.
func endsLife(callee string) bool {
	for _, part := range []string{"release", "submit", "discard", "drop", "_put", "free", "destroy", "unlock", "xchg", "_del"} {
		if strings.Contains(callee, part) {
			return true
		}
	}
	return false
}

// pointerDereference: the value is a pointer, of a kind that no program may
// follow (the last branch of check_mem_access).
func pointerDereference(c *Case, d *diag.Diagnostic) {
	l, ok := c.fault(c.field(0))
	if !ok {
		d.Message = fmt.Sprintf("a pointer of type `%s` cannot be read or written through", c.field(1))
		primary(d, "accessed here")
		return
	}
	v := c.at(l)
	kind := pointerKind(v)
	if v.Base == verifierlog.NotInit || v.Base == verifierlog.Scalar || kind == "a " {
		kind = "a pointer of type `" + c.field(1) + "`"
	}
	d.Message = c.exact(c.last, l, "this") + " is " + kind + ", which cannot be read or written through"
	primary(d, "accessed here")
	if link := c.made(c.last, l); link.Kind != verifierlog.LinkAddress || v.Base == verifierlog.FuncPtr {
		c.whence(d, l)
	}
	switch {
	case v.Base == verifierlog.PacketEnd:
		note(d, "the end of the packet is there to be compared with; nothing is known of the bytes in front of it")
		advise(d, "go there from `data`, with a check, or use `bpf_xdp_load_bytes` or `bpf_skb_load_bytes`")
	case v.Base == verifierlog.DynptrPtr:
		advise(d, "read it with `bpf_dynptr_read`, or take a slice with `bpf_dynptr_data`")
	case v.Base == verifierlog.FuncPtr:
		advise(d, "the code of a program cannot be read")
	}
}
