package rules

import (
	"fmt"
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/debuginfo"
	"github.com/bpfdiag/bpfdiag/internal/sourcetext"
	"github.com/bpfdiag/bpfdiag/verifierlog"
)

// kernelAddress says whether a number is an address of the kernel or of a process:
// where it comes from gives one, or the source declares it as a pointer.
func (c *Case) kernelAddress(root verifierlog.Link, l verifierlog.Loc) bool {
	switch root.Kind {
	case verifierlog.LinkResult:
		switch string(c.Path.Step(root.Step).Func) {
		case "bpf_get_current_task":
			return true
		}
	case verifierlog.LinkWritten, verifierlog.LinkRead:
		return c.probedAt(root) >= 0 && c.declaredPointer(l)
	case verifierlog.LinkLoad:
		if c.memoryBefore(root).Base != verifierlog.Ctx {
			return false
		}
		switch c.Program.Type {
		case "kprobe", "tracepoint", "raw_tracepoint", "raw_tracepoint_writable", "perf_event", "tracing", "lsm":
			return true
		}
	}
	return false
}

// probedAt is the step of the probe read that wrote a stack slot, -1 if none did.
func (c *Case) probedAt(root verifierlog.Link) int {
	step, l := root.Step, root.Loc
	if root.Kind == verifierlog.LinkRead {
		if len(root.From) == 0 {
			return -1
		}
		k := c.Path.Origin(root.Step, root.From[0])
		step, l = k.Step, k.Loc
	}
	if f := string(c.Path.Step(step).Func); l.Reg < 0 && strings.HasPrefix(f, "bpf_probe_read") {
		return step
	}
	return -1
}

// declaredPointer says whether the source declares what is in a place as a pointer.
func (c *Case) declaredPointer(l verifierlog.Loc) bool {
	n := c.name(c.last, l)
	return n.Expr != "" && n.Type != nil && n.Type.Pointee() != nil
}

// user says whether the addresses that this program is given are those of a process.
func (c *Case) user() (user, sure bool) {
	section := strings.TrimPrefix(c.Program.Section, "?")
	for _, p := range []string{"uprobe", "uretprobe", "usdt", "tracepoint/syscalls/sys_enter_", "tp/syscalls/sys_enter_", "ksyscall"} {
		if strings.HasPrefix(section, p) {
			return true, true
		}
	}
	// What a kprobe's registers hold may be either; a structure is mostly the kernel's.
	at, _, ok := c.source(c.Path.Insn(c.last))
	return false, c.Program.Type == "kprobe" && ok && at.Expr != nil && at.Expr.Kind == sourcetext.Member
}

// needsProbeRead: an address that the verifier knows nothing of. Such memory is
// read by helpers, which survive a wrong address.
func (c *Case) needsProbeRead(d *diag.Diagnostic, l verifierlog.Loc, root verifierlog.Link) {
	recode(d, "BPF0134")
	what := c.dereferenced(l)
	if what == "" {
		what = "this"
	}
	user, sure := c.user()
	place := "that the verifier knows nothing of"
	switch {
	case root.Kind == verifierlog.LinkResult: // the task's, wherever the program is attached
		user, sure = false, true
		place = "in the kernel"
	case root.Kind != verifierlog.LinkLoad:
		step := c.Path.Step(c.probedAt(root))
		user, sure = strings.HasPrefix(string(step.Func), "bpf_probe_read_user"), true
	case user:
		place = "in the process"
	}
	d.Message = what + " is an address " + place + ", which cannot be read directly"
	primary(d, "read directly here")
	switch step := c.probedAt(root); {
	case step >= 0:
		c.tell(d, step, root.Loc, "the address comes from here, as a number")
	case root.Kind == verifierlog.LinkResult:
		c.tell(d, root.Step, root.Loc, "returns the address as a number")
	case c.atPrimary(d, root.Step):
		primary(d, "an address, loaded from the context as a number, and read directly here")
	default:
		c.tell(d, root.Step, root.Loc, "loaded from the context, as a number")
	}
	if c.stores() {
		primary(d, "written directly here")
		note(d, "programs cannot write to memory that the verifier does not know")
		return
	}
	helper, macro, header := "bpf_probe_read_kernel", "BPF_CORE_READ", "bpf/bpf_core_read.h"
	if user {
		helper, macro = "bpf_probe_read_user", "BPF_PROBE_READ_USER"
	}
	if root.Kind == verifierlog.LinkResult {
		note(d, "`bpf_get_current_task_btf` returns a pointer whose members can be read directly (Linux 5.11 and later)")
	}
	if e, ok := c.readMacro(macro, header); ok && sure {
		d.Helps = append(d.Helps, diag.Help{Text: "read it with " + quote(macro), Applicability: diag.Likely, Edits: e})
		return
	}
	if h, ok := c.readOne(helper); ok && sure {
		d.Helps = append(d.Helps, h)
		return
	}
	if n := c.name(c.last, l); n.Type != nil && isChar(n.Type.Pointee()) {
		helper += "_str"
	}
	if !sure {
		helper += "`, or `" + strings.Replace(helper, "kernel", "user", 1)
		advise(d, "copy it to a variable with `%s` if it is memory of the process", helper)
		return
	}
	advise(d, "copy what is needed to a variable with `%s`", helper)
}

// readOne is the edit that reads a number behind an address, `p[0]` or `*p`, into
// a variable in front of the statement, and uses that.
func (c *Case) readOne(helper string) (h diag.Help, ok bool) {
	insn := c.Path.Insn(c.last)
	e := c.accessed(insn)
	if e.node == nil || e.node.Kind != sourcetext.Index && e.node.Kind != sourcetext.Unary || !e.operand(0).simple() {
		return h, false
	}
	address := "&" + e.text()
	if e.node.Kind == sourcetext.Unary || e.operand(1).text() == "0" {
		address = e.operand(0).text()
	}
	t := c.typeOf(e)
	name := c.freeName(insn, "value", "data", "got")
	if t != nil && isChar(t) {
		name = c.freeName(insn, "c", "ch", "byte")
	}
	if t == nil || name == "" || t.ByteSize() < 1 || t.ByteSize() > 8 {
		return h, false
	}
	before, can := c.insertBefore(insn, strings.TrimPrefix(t.Declare(name), "const ")+" = 0;",
		fmt.Sprintf("%s(&%s, sizeof(%s), %s);", helper, name, name, address))
	use, found := c.rewrite(e, name)
	if !can || !found {
		return h, false
	}
	return diag.Help{Text: "copy it to a variable with " + quote(helper), Applicability: diag.Likely, Edits: []diag.Edit{before, use}}, true
}

func isChar(t *debuginfo.Type) bool {
	return t != nil && t.Underlying().Size == 1 && t.Underlying().Kind == debuginfo.Int
}

// readMacro makes the edit that turns the chain of members at the failing
// instruction, `task->real_parent->pid`, into `BPF_CORE_READ(task, real_parent, pid)`.
func (c *Case) readMacro(macro, header string) ([]diag.Edit, bool) {
	insn := c.Path.Insn(c.last)
	at, file, ok := c.source(insn)
	p, _ := c.place(insn)
	whole, found := c.files[p.File]
	if !ok || !found || at.Stmt == nil || at.Expr == nil || at.Expr.Kind != sourcetext.Member {
		return nil, false
	}
	var chain *sourcetext.Node
	for _, e := range at.Stmt.Exprs {
		if n := outermost(e, at.Expr, true); n != nil {
			chain = n
		}
	}
	if chain == nil {
		return nil, false
	}
	var members []string
	base := chain
	for base.Kind == sourcetext.Member && len(base.Operands) == 1 {
		joint := file.Text(sourcetext.Span{Start: base.Operands[0].End, End: base.End})
		if !strings.HasPrefix(strings.TrimSpace(joint), "->") {
			return nil, false
		}
		members = append([]string{base.Operator}, members...)
		base = base.Operands[0]
	}
	if base.Kind != sourcetext.Name {
		return nil, false
	}
	call := macro + "(" + file.Text(base.Span) + ", " + strings.Join(members, ", ") + ")"
	edits := []diag.Edit{editOf(p.File, file.Position, chain.Start, chain.End, call)}
	if !strings.Contains(whole.text, header) {
		last := strings.LastIndex(whole.text[:max(at.Function.Start, 0)], "#include ")
		if last < 0 {
			return nil, false
		}
		line, _ := file.Position(last)
		here := diag.Position{Line: line + 1, Column: 1}
		edits = append([]diag.Edit{{File: p.File, Start: here, End: here, Replacement: "#include <" + header + ">\n"}}, edits...)
	}
	return edits, true
}

// outermost finds the longest chain of members that begins with one of them. Its
// value has to be wanted: it is neither assigned to nor has its address taken.
func outermost(e, inner *sourcetext.Node, value bool) *sourcetext.Node {
	if e == nil || inner.Start < e.Start || inner.End > e.End {
		return nil
	}
	if e.Kind == sourcetext.Member {
		for n := e; n != nil && n.Kind == sourcetext.Member && len(n.Operands) == 1; n = n.Operands[0] {
			if n.Span == inner.Span && value {
				return e
			}
		}
	}
	for i, o := range e.Operands {
		ok := true
		switch e.Kind {
		case sourcetext.Unary:
			ok = e.Operator != "&" && e.Operator != "++" && e.Operator != "--"
		case sourcetext.Postfix, sourcetext.Index:
			ok = e.Kind == sourcetext.Index && i == 1
		case sourcetext.Assign:
			ok = i == 1
		}
		if n := outermost(o, inner, ok); n != nil {
			return n
		}
	}
	return nil
}
