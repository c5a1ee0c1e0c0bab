package rules

import (
	"slices"
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/sourcetext"
	"github.com/bpfdiag/bpfdiag/verifierlog"
)

// tellArgumentNumber tells why a value that should be a pointer is a number to the verifier.
func (c *Case) tellArgumentNumber(d *diag.Diagnostic, a badArgument) {
	if c.tellArgumentLost(d, a) {
		return
	}
	link := c.made(c.last, a.loc)
	text := ""
	switch link.Kind {
	case verifierlog.LinkLoad:
		text = "read here as a number"
		s := c.Path.Step(link.Step)
		if base, ok := c.Path.Before(link.Step, verifierlog.Reg(s.Frame, s.Mem.Base)); ok {
			switch base.Base {
			case verifierlog.Ctx:
				text = "this field of the context is a number to the verifier"
			case verifierlog.MapValue, verifierlog.MapKey, verifierlog.Mem, verifierlog.Buf, verifierlog.Packet:
				text = "what is read from " + kindOf(base) + " is a number"
			case verifierlog.BTFPtr:
				text = "read from " + kindOf(base) + " as a number"
			}
		}
	case verifierlog.LinkResult:
		text = c.callSaid(link.Step) + " returns a number"
	case verifierlog.LinkArith, verifierlog.LinkMove32, verifierlog.LinkExtend:
		text = "computed here, as a number"
	case verifierlog.LinkRead:
		text = "read from the stack, where it is no whole pointer"
	case verifierlog.LinkConst, verifierlog.LinkAddress:
		text = "set to a constant here"
	case verifierlog.LinkEntry, verifierlog.LinkCallback:
		d.Notes = append(d.Notes, "it was passed to this function as a number")
	}
	if text != "" && !c.atPrimary(d, link.Step) {
		c.tell(d, link.Step, link.Loc, text)
	}
}

func (c *Case) callSaid(step int) string {
	if f := string(c.Path.Step(step).Func); f != "" {
		return quote(f)
	}
	return "this call"
}

// tellArgumentLost tells what made a pointer unusable that was good before.
func (c *Case) tellArgumentLost(d *diag.Diagnostic, a badArgument) bool {
	loss, ok := c.Path.Lost(c.last, a.loc)
	if !ok {
		return false
	}
	c.origin(d, loss.Step, loss.Loc, "")
	text := "no longer valid behind this"
	if s := c.Path.Step(loss.Step); len(s.Func) > 0 {
		text = "no longer valid behind this call of " + quote(string(s.Func))
	}
	c.tell(d, loss.Step, loss.Loc, text)
	what := c.argumentExpr(a)
	if what == "" {
		what = "it"
	}
	d.Notes = append(d.Notes, what+" was "+kindOf(loss.Was)+" until then")
	return true
}

// adviseArgument says what to pass instead.
func (c *Case) adviseArgument(d *diag.Diagnostic, a badArgument, want string, v verifierlog.Value) {
	help := func(text string) {
		d.Helps = append(d.Helps, diag.Help{Text: text, Applicability: diag.Placeholder})
	}
	if _, lost := c.Path.Lost(c.last, a.loc); lost {
		help("use it before that, or get it anew")
		return
	}
	if slices.Contains(c.expectedTypes(), "fp") && want != "a dynptr on the stack" {
		want = "a pointer to memory"
	}
	switch want {
	case "the program's context":
		if e, ok := c.contextEdit(a); ok {
			d.Helps = append(d.Helps, diag.Help{Text: "pass the context", Applicability: diag.Likely, Edits: []diag.Edit{e}})
			return
		}
		help("pass the pointer that the program was called with, unchanged")
	case "a number":
		help("pass the value, not its address")
	case "a dynptr on the stack":
		help("declare the `struct bpf_dynptr` as a local variable of the function")
	case "a record that `bpf_ringbuf_reserve` returned":
		if edits := c.submitOutput(); edits != nil {
			offer(d, "`bpf_ringbuf_output` copies other memory into a record", diag.Likely, edits)
			return
		}
		help("pass the pointer that `bpf_ringbuf_reserve` returned, not an offset into it or other memory")
	case "the address of a per-CPU variable of the kernel":
		help("declare the variable `extern const T name __ksym` and pass its address; data of a per-CPU map is reached with `bpf_map_lookup_percpu_elem`")
	case "a map":
		help("pass the address of a map that is defined in SEC(\".maps\")")
	case "a pointer to memory":
		switch {
		case v.Base == verifierlog.Ctx && a.callee.Own:
			help("to work on the context, declare the parameter with the context's type or tag it `__arg_ctx`; for memory, pass the address of a local variable")
		case v.Base == verifierlog.Ctx:
			help("copy what the function needs of the context to a local variable, and pass its address")
		case v.Base == verifierlog.Scalar:
			if e, ok := c.addressEdit(a); ok {
				d.Helps = append(d.Helps, diag.Help{Text: "pass the address of " + quote(a.Text), Applicability: diag.Placeholder, Edits: []diag.Edit{e}})
			} else {
				var edits []diag.Edit
				if user, _ := c.user(); !user && c.kernelAddress(c.root(c.last, a.loc), a.loc) {
					edits = c.copyEdit(a.n, c.sizeOfArgument(a.n), "bpf_probe_read_kernel(%p, sizeof(%s), %a);")
				}
				offer(d, "pass the address of a variable; memory of the kernel or of user space has to be copied first, with `bpf_probe_read_kernel` or `bpf_probe_read_user`", diag.Likely, edits)
			}
		case v.Base == verifierlog.BTFPtr && a.written() && v.Flags&verifierlog.Alloc != 0:
			offer(d, "let "+a.callee.String()+" write to a local variable, and copy that to the object", diag.Likely, c.copyBack(a.n))
		case v.Base == verifierlog.BTFPtr && a.written():
			help("pass memory that may be written: a local variable or a map's value")
		case v.Base == verifierlog.BTFPtr:
			offer(d, "copy the data to a local variable with `bpf_probe_read_kernel` or `bpf_core_read`, and pass its address", diag.Likely,
				c.copyEdit(a.n, c.sizeOfArgument(a.n), "bpf_probe_read_kernel(%p, sizeof(%s), %a);"))
		case v.Flags&verifierlog.ReadOnly != 0:
			help("pass memory that may be written: a local variable or a map's value")
		}
	case "a pointer to a socket":
		help("pass a socket that the kernel gave as a pointer: `ctx->sk`, or what `bpf_sk_lookup_tcp`, `bpf_sk_fullsock` and the like return")
	default:
		switch {
		case !strings.Contains(want, "struct "):
		case v.Base == verifierlog.FramePtr || v.Base == verifierlog.MapValue:
			help("pass a pointer from the program's arguments, or one that a kfunc returned; the kernel's objects are never in memory of the program")
		case v.Base == verifierlog.Scalar:
			help("get the pointer from the program's arguments, from `bpf_get_current_task_btf()`, or from a kfunc that returns one; a number cannot be cast to it")
		}
	}
}

// contextEdit replaces an argument by the name of the program's context, where
// the call stands in the program itself.
func (c *Case) contextEdit(a badArgument) (diag.Edit, bool) {
	name := c.contextName(c.Summary.Insn)
	if name == "" || name == a.Text || a.Text == "" {
		return diag.Edit{}, false
	}
	return c.rewrite(c.sourceCall(c.last).operand(a.n), name)
}

// addressEdit puts an & in front of a variable that is passed by value.
func (c *Case) addressEdit(a badArgument) (diag.Edit, bool) {
	arg := c.sourceCall(c.last).operand(a.n)
	if arg.node == nil || arg.node.Kind != sourcetext.Name || strings.ToUpper(a.Text) == a.Text {
		return diag.Edit{}, false
	}
	// Of a variable that the source declares as a pointer the address is another thing.
	in := c.debug()
	fn, i, ok := c.function(c.Summary.Insn)
	if in == nil || !ok {
		return diag.Edit{}, false
	}
	for _, v := range in.Variables(fn, i) {
		if v.Name == a.Text {
			if v.Type.Pointee() != nil {
				return diag.Edit{}, false
			}
			return c.rewrite(arg, "&"+a.Text)
		}
	}
	return diag.Edit{}, false
}
