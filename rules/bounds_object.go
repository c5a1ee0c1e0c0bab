package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/debuginfo"
	"github.com/bpfdiag/bpfdiag/verifierlog"
)

// region is the memory that an access should be inside of.
type region struct {
	what  string // "the value of map `hists`", "`buf`"
	size  int64  // bytes, 0 when unknown
	begin int64  // of the offsets that the complaint speaks of: a variable's in the stack frame
	// advice is for accesses that no check can make right.
	advice string
	on     *debuginfo.Variable // on the stack
}

// object is what an access should be inside of. Offsets in x are made
// those in the object.
func (c *Case) object(r *reach, x *index) region {
	o := region{what: "the memory", size: max(r.total, 0), advice: "access only what is inside"}
	if !r.known {
		return o
	}
	switch v := r.ptr; v.Base {
	case verifierlog.MapValue:
		o.what = "the value of a map"
		if v.Map != "" {
			o.what = "the value of map " + quote(v.Map)
			if s := section(v.Map); s != "" {
				o.what = "the program's variables in `" + s + "`"
			}
		}
		if v.ValSize > 0 {
			o.size = int64(v.ValSize)
		}
	case verifierlog.MapKey:
		o.what = "the key of a map"
		if v.Map != "" {
			o.what = "the key of map " + quote(v.Map)
		}
		if v.KeySize > 0 {
			o.size = int64(v.KeySize)
		}
	case verifierlog.Mem:
		if v.MemSize > 0 {
			o.size = v.MemSize
		}
		k := c.made(c.last, r.loc)
		if o.size == 0 && k.Kind == verifierlog.LinkResult && string(c.Path.Step(k.Step).Func) == "bpf_ringbuf_reserve" {
			// Older kernels do not print the size of memory.
			if n, ok := c.Path.Before(k.Step, verifierlog.Reg(k.Loc.Frame, 2)); ok && n.Base == verifierlog.Scalar && n.Const {
				o.size = max(n.Number, 0)
			}
		}
		switch fn := string(c.Path.Step(k.Step).Func); {
		case k.Kind == verifierlog.LinkResult && fn != "" && o.size > 0:
			o.what = fmt.Sprintf("the %s that %s returned", inBytes(o.size), quote(fn))
		case o.size > 0:
			o.what = "the " + inBytes(o.size) + " of memory"
			if n := c.name(c.last, r.loc); n.Expr != "" && !n.From && !n.Likely {
				o.what = "the " + inBytes(o.size) + " that " + quote(n.Expr) + " points to"
			}
		}
	case verifierlog.Buf, verifierlog.TPBuffer:
		o.what = "the buffer"
		if n := c.name(c.last, r.loc); n.Expr != "" && !n.From && !n.Likely {
			o.what = "the buffer that " + quote(n.Expr) + " points to"
		}
	case verifierlog.Ctx:
		o.what = "the context"
		if c.Program.Type == "syscall" {
			o.size = 65535 // U16_MAX, check_ctx_access
		}
	case verifierlog.Packet, verifierlog.PacketMeta:
		o.what = "the packet"
	case verifierlog.FlowKeys:
		o.what = "the flow keys"
	case verifierlog.FramePtr:
		c.stackObject(&o, r, x)
	}
	return o
}

// stackObject finds the variable on the stack.
func (c *Case) stackObject(o *region, r *reach, x *index) {
	o.what = "the stack frame"
	o.advice = "access only what is inside of the variable"
	at := r.ptr.Offset
	if x.found && x.based {
		at = x.fixed
	}
	in := c.debug()
	fn, _, ok := c.function(c.Path.Insn(c.last))
	if !ok || in == nil || r.ptr.FrameNo >= 0 && r.ptr.FrameNo != r.loc.Frame {
		return
	}
	vars, _ := in.StackUse(fn)
	var found *debuginfo.StackUse
	for i, v := range vars {
		if v.Offset <= at && at < v.Offset+v.Size {
			if found != nil || v.Likely {
				return // variables that share a place, or a guess
			}
			found = &vars[i]
		}
	}
	if found == nil {
		found = c.beganIn(r.loc, vars)
	}
	if base := r.e.indexed().operand(0); found == nil && base.node != nil {
		// Behind the variable's end, and named: `buf[i]`.
		for i, v := range vars {
			if v.Name == base.text() && !v.Likely {
				if found != nil {
					return
				}
				found = &vars[i]
			}
		}
	}
	if found == nil || found.Size <= 0 {
		return
	}
	o.what, o.size, o.begin, o.on = quote(found.Name), found.Size, found.Offset, found.Variable
	x.fixed -= found.Offset
}

// beganIn is the variable that an address on the stack was one of before it was
// moved: the loop that counts an index may count an address instead.
func (c *Case) beganIn(l verifierlog.Loc, vars []debuginfo.StackUse) (found *debuginfo.StackUse) {
	for _, k := range c.Path.Chain(c.last, l) {
		v, ok := c.Path.After(k.Step, k.Loc)
		if !ok || v.Base != verifierlog.FramePtr || v.FrameNo >= 0 && v.FrameNo != l.Frame {
			continue
		}
		for i := range vars {
			if o := v.Offset; vars[i].Offset <= o && o < vars[i].Offset+vars[i].Size && !vars[i].Likely {
				found = &vars[i] // the chain goes back, so that the last is where it began
			}
		}
	}
	return found
}

// section is the section of the object that a map holds the variables of, ""
// for other maps: libbpf's "prog.bss", ".data.x" (internal_map_name).
func section(m string) string {
	for _, s := range []string{".bss", ".data", ".rodata", ".kconfig"} {
		if i := strings.Index(m, s); i >= 0 && (len(m) == i+len(s) || m[i+len(s)] == '.') {
			return m[i:]
		}
	}
	return ""
}

// tellObject labels where the memory comes from.
func (c *Case) tellObject(d *diag.Diagnostic, r *reach, o *region) {
	if o.on != nil {
		c.tellDeclared(d, o)
		return
	}
	if !r.known || o.size == 0 {
		return
	}
	k := c.made(c.last, r.loc)
	fn := string(c.Path.Step(k.Step).Func)
	if k.Kind != verifierlog.LinkResult || fn == "" {
		return
	}
	switch r.ptr.Base {
	case verifierlog.MapValue:
		c.tell(d, k.Step, k.Loc, fmt.Sprintf("a value of %s has %s", mapName(r.ptr.Map), inBytes(o.size)))
	case verifierlog.Mem:
		c.tell(d, k.Step, k.Loc, quote(fn)+" returns a pointer to "+inBytes(o.size))
	}
}

func mapName(m string) string {
	if m == "" {
		return "this map"
	}
	return quote(m)
}

// tellDeclared labels the declaration of a variable on the stack, which no
// instruction is of.
func (c *Case) tellDeclared(d *diag.Diagnostic, o *region) {
	p, ok := c.place(c.Path.Insn(c.last))
	if !ok || o.on.Line == 0 || p.Function != o.on.Function || p.Line == o.on.Line {
		return
	}
	l := diag.Label{File: p.File, Line: o.on.Line, Function: p.Function, Text: fmt.Sprintf("%s has %s", o.what, inBytes(o.size))}
	file := c.file(p.File, p.Line, p.Text)
	if file == nil {
		return
	}
	at, found := file.At(o.on.Line, 0)
	if !found || at.Stmt == nil || !strings.Contains(file.Text(at.Span), o.on.Name) {
		return
	}
	span := at.Span
	i := strings.Index(file.Text(span), o.on.Name)
	l.Line, l.Column = file.Position(span.Start + i)
	l.EndLine, l.EndColumn = l.Line, l.Column+len(o.on.Name)
	d.Labels = slices.Insert(d.Labels, 0, l)
}

// takenBounds is about an address from which a number was subtracted.
func (c *Case) takenBounds(d *diag.Diagnostic, o *region, x *index, what string) {
	d.Message = what + " may lie outside " + o.what
	c.tellIndex(d, x)
	text := x.noun() + ", which may be any number, is subtracted from the address"
	if says := x.says(); says != "" {
		text = x.noun() + " is " + says + " here, and is subtracted from the address"
	}
	if x.known && x.based && !x.several && x.value.Bounds.Umax < 1<<29 {
		if front := x.scale*int64(x.value.Bounds.Umax) - x.fixed; front > 0 {
			text += ": this may begin " + inBytes(front) + " in front of " + o.what
		}
	}
	primary(d, text)
	if o.size > 0 {
		note(d, "%s has %s", o.what, inBytes(o.size))
	}
	advise(d, "check that %s is not more than what is in front of the address before it is subtracted", x.noun())
}
