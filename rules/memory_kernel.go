package rules

import (
	"fmt"
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/debuginfo"
	"github.com/bpfdiag/bpfdiag/internal/lazyregexp"
	"github.com/bpfdiag/bpfdiag/internal/sourcetext"
	"github.com/bpfdiag/bpfdiag/verifierlog"
)

var (
	_ = rule("BPF0150", kernelStructBounds)
	_ = rule("BPF0151", kernelPointerMember)
	_ = rule("BPF0152", kernelStructReadOnly)
	_ = rule("BPF0153", otherAddressSpace)
)

// kernelStructBounds: what is read of a kernel structure is no member of it
// (btf_struct_walk in kernel/bpf/btf.c, check_ptr_to_btf_access and
// check_ptr_to_map_access in verifier.c).
func kernelStructBounds(c *Case, d *diag.Diagnostic) {
	target, _ := c.access(c.Path.Insn(c.last))
	what := target
	if what == "" {
		what = "this access"
	}
	primary(d, "accessed here")
	l, ok := c.addressed()
	structure := func(n int) string { return quote("struct " + c.field(n)) }
	switch {
	case c.said("%R is ptr_%s invalid variable offset"):
		d.Message = fmt.Sprintf("the offset into %s is not a constant", structure(1))
		if ok {
			c.tellMoved(d, l, "the variable offset is added here")
			c.tellOffset(d, l)
		}
		note(d, "the verifier looks up the type of the member that is read, so it has to know which one it is")
		offer(d, "copy the array to the stack with `bpf_probe_read_kernel`, and index the copy", diag.Likely, c.copyArray())
		return
	case c.said("%R is ptr_%s invalid negative"), c.said("%R is %s invalid negative"):
		d.Message = fmt.Sprintf("%s lies in front of %s", what, quote("struct "+strings.TrimPrefix(c.field(1), "ptr_")))
		if off, known := c.fieldNumber(2); known {
			primary(d, "accessed "+bytesOf(-off)+" in front of it")
		}
		if ok && c.otherStruct(d, l) {
			return
		}
		if ok {
			c.whence(d, l)
		}
		note(d, "a pointer to a member does not lead to the structure around it: `container_of` is not followed")
		c.readProbed(d)
		return
	case c.said("access beyond the end of member"):
		d.Message = fmt.Sprintf("%s goes over the end of member `%s` of %s", what, c.field(0), structure(2))
		end, _ := c.fieldNumber(1)
		off, _ := c.fieldNumber(3)
		size, _ := c.fieldNumber(4)
		note(d, "byte %d of the structure is the last one of `%s`, and this takes bytes %d to %d", end-1, c.field(0), off, off+size-1)
	case c.said("access beyond struct"):
		d.Message = fmt.Sprintf("%s lies outside of %s", what, structure(0))
		off, _ := c.fieldNumber(1)
		size, _ := c.fieldNumber(2)
		note(d, "this takes bytes %d to %d of the structure, which ends before that in this kernel", off, off+size-1)
		if ok && c.otherStruct(d, l) {
			return
		}
		advise(d, "declare the structure with `preserve_access_index`, so that offsets follow the kernel's layout (CO-RE)")
	case c.said("struct %s doesn't have field"):
		d.Message = fmt.Sprintf("%s has no member at offset %s", structure(0), c.field(1))
		advise(d, "declare the structure with `preserve_access_index`, so that offsets follow the kernel's layout (CO-RE)")
	case c.said("direct access to"):
		d.Message = fmt.Sprintf("a `%s` cannot be accessed directly", c.field(0))
		note(d, "it belongs to the kernel, which keeps it consistent")
		if use := specialFieldUse[c.field(0)]; use != "" {
			advise(d, "use %s", use)
		}
	case c.said("Type '%s' is not a struct"):
		d.Message = fmt.Sprintf("`%s` has no members that could be accessed", c.field(0))
	case c.said("map_ptr access"):
		d.Message = "maps of this type have no members that programs can read"
	default:
		d.Message = what + " is no member that the verifier knows"
	}
	if ok {
		c.whence(d, l)
	}
}

// otherStruct explains a pointer that the source declares as one to another
// structure than the verifier knows: the arguments of the traced function are
// others, or a cast (container_of has one) was not followed.
func (c *Case) otherStruct(d *diag.Diagnostic, l verifierlog.Loc) bool {
	e := c.accessed(c.Path.Insn(c.last))
	if e.node == nil || e.node.Kind != sourcetext.Member {
		return false
	}
	e = e.operand(0)
	declared, known := structName(c.typeOf(e).Pointee()), c.at(l).TypeName
	for _, p := range c.parameters(c.Path.Insn(c.last)) {
		if m := structPointer.FindStringSubmatch(p); declared == "" && m != nil && m[2] == e.text() {
			declared = m[1]
		}
	}
	if declared == "" || known == "" || declared == known {
		return false
	}
	primary(d, fmt.Sprintf("a `struct %s` in the source, a `struct %s` for the verifier", declared, known))
	link := c.whence(d, l)
	if name := c.argument(c.last, l); name != "" && name == e.text() {
		fn := "the function"
		if target := c.attachedTo(); target != "" {
			fn = quote(target)
		}
		n := int64(c.Path.Step(link.Step).Mem.Offset)/8 + 1
		primary(d, fmt.Sprintf("read as a `struct %s` here", declared))
		c.mendAt(d, link.Step, fmt.Sprintf("argument %d of %s is a pointer to a `struct %s`", n, fn, known))
		advise(d, "declare the arguments as %s has them, none left out; its result is behind the last of them", fn)
		return true
	}
	note(d, "the verifier knows a pointer's type from where it comes from; casts, also that of `container_of`, do not change it")
	c.readProbed(d)
	return true
}

var structPointer = lazyregexp.New(`^(?:const )?struct (\w+) ?\* ?(\w+)$`)

func structName(t *debuginfo.Type) string {
	if t == nil || t.Underlying().Kind != debuginfo.Struct {
		return ""
	}
	return t.Underlying().Name
}

// readProbed is the help that reads through a helper, of which the verifier does not
// ask what is where.
func (c *Case) readProbed(d *diag.Diagnostic) {
	h := diag.Help{Text: "read it with `BPF_CORE_READ`", Applicability: diag.Placeholder}
	if e, ok := c.readMacro("BPF_CORE_READ", "bpf/bpf_core_read.h"); ok {
		h.Edits, h.Applicability = e, diag.Likely
	}
	d.Helps = append(d.Helps, h)
}

// kernelPointerMember: a pointer in a kernel structure is read in part, or with
// bytes beside it (btf_struct_walk).
func kernelPointerMember(c *Case, d *diag.Diagnostic) {
	member, structure := c.field(0), c.field(2)
	at, _ := c.fieldNumber(1)
	off, _ := c.fieldNumber(3)
	size, _ := c.fieldNumber(4)
	d.Message = fmt.Sprintf("only part of the pointer `%s` of `struct %s` is accessed", member, structure)
	primary(d, fmt.Sprintf("%s at offset %d", bytesOf(size), off))
	note(d, "`%s` is 8 bytes at offset %d", member, at)
	if l, ok := c.addressed(); ok {
		c.whence(d, l)
	}
	advise(d, "load the whole pointer into a variable, and convert that")
}

// kernelStructReadOnly: a store to a kernel structure (check_ptr_to_btf_access,
// and the btf_struct_access functions of program types).
func kernelStructReadOnly(c *Case, d *diag.Diagnostic) {
	target, _ := c.access(c.Path.Insn(c.last))
	if target == "" {
		target = "this"
	}
	d.Message = target + " is memory of the kernel and cannot be written"
	primary(d, "written here")
	l, ok := c.addressed()
	if ok {
		v := c.at(l)
		if v.TypeName != "" {
			d.Message = fmt.Sprintf("%s is part of a kernel `struct %s` and cannot be written", target, v.TypeName)
		}
		link := c.whence(d, l)
		if link.Kind == verifierlog.LinkLoad && c.memoryBefore(link).Base == verifierlog.Ctx {
			c.relabel(d, link.Step, "an argument from the kernel")
		}
	}
	switch {
	case c.said("write access at off %d with size %d beyond the member"):
		note(d, "this writes %s bytes at offset %s; the member that can be written ends at byte %s", c.field(1), c.field(0), c.field(3)+c.field(2))
	case c.said("only read"), c.said("%R cannot write into ptr_"):
		note(d, "programs read kernel structures directly, but change them only through helpers and kfuncs")
	case c.said("no write support to %s") && c.field(0) == "tcp_sock": // bpf_tcp_ca_btf_struct_access
		note(d, "a congestion control may write `snd_cwnd`, `snd_cwnd_cnt`, `snd_cwnd_stamp`, `snd_ssthresh`, `ecn_flags`, `app_limited`, `icsk_ca_priv`, `icsk_ack.pending` and the socket's pacing rate and status")
		advise(d, "keep state of your own in `icsk_ca_priv`, and act on it where the window is set")
		return
	default:
		note(d, "this program type can write to some members of the structure only")
	}
	advise(d, "look for a helper or kfunc that makes the change; what the kernel has none for, a program cannot change")
}

// otherAddressSpace: the pointer is one of a process, or an offset into per-CPU
// memory (check_ptr_to_btf_access).
func otherAddressSpace(c *Case, d *diag.Diagnostic) {
	percpu := c.said("%R is ptr_%s access percpu")
	what := "this"
	l, ok := c.fault(c.field(0))
	if ok {
		what = c.exact(c.last, l, "this")
	}
	if target, _ := c.access(c.Path.Insn(c.last)); what == "this" && target != "" {
		what = target
	}
	primary(d, "read directly here")
	if percpu {
		d.Message = what + " is per-CPU memory, which cannot be read directly"
		note(d, "there is one `struct %s` for each CPU", c.field(1))
		offer(d, "take this CPU's with `bpf_this_cpu_ptr`, or another's with `bpf_per_cpu_ptr`", diag.Likely, c.percpuEdit(c.field(1)))
	} else {
		d.Message = what + " is memory of a process, which cannot be read directly"
		edits, _ := c.readMacro("BPF_PROBE_READ_USER", "bpf/bpf_core_read.h")
		offer(d, "read it with `bpf_probe_read_user` or `BPF_PROBE_READ_USER`", diag.Likely, edits)
	}
	if ok {
		c.whence(d, l)
	}
}
