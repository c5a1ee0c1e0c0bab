package rules

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/object"
	"github.com/bpfdiag/bpfdiag/internal/sourcetext"
	"github.com/bpfdiag/bpfdiag/rules/signatures"
	"github.com/bpfdiag/bpfdiag/verifierlog"
)

// callTarget is the function whose call the verifier stopped at.
type callTarget struct {
	Name   string // `bpf_loop`; "" when the log does not say
	Params []signatures.Param
	Own    bool // a function of the program
}

// callTarget is the function that is called where the verifier gave up. name is
// what the message calls it, for logs without a path; "" if it does not.
func (c *Case) callTarget(name string) callTarget {
	k := callTarget{Name: name}
	kind := verifierlog.CallNone
	if c.last >= 0 {
		if s := c.Path.Step(c.last); s.Op == verifierlog.OpCall {
			kind = s.Call
			if k.Name == "" && kind != verifierlog.CallSubprog {
				k.Name = string(s.Func)
			}
			if kind == verifierlog.CallSubprog && s.Target >= 0 {
				if fn, i, ok := c.function(s.Target); ok && i == 0 {
					return c.ownFunction(fn)
				}
			}
		}
	}
	if kind == verifierlog.CallSubprog {
		// The name that the message has for it, behind the complaint itself.
		_, rest, _ := strings.Cut(c.Summary.Message, "Caller passes invalid args into func#")
		_, rest, _ = strings.Cut(rest, "('")
		k.Name, _, _ = strings.Cut(rest, "')")
		return k
	}
	k.Name, _, _ = strings.Cut(k.Name, "#")
	if strings.HasPrefix(k.Name, "unknown") || k.Name == "kernel-function" {
		k.Name = ""
	}
	if f, ok := signatures.Find(k.Name); ok {
		k.Params = f.Params
	}
	return k
}

// ownFunction is a function of the object, with the parameters that BTF has.
func (c *Case) ownFunction(fn *object.Function) callTarget {
	k := callTarget{Name: fn.Name, Own: true}
	b := c.Object.BTF
	if b == nil {
		return k
	}
	for _, m := range b.Members(b.Target(c.Object.FuncType(fn))) {
		k.Params = append(k.Params, signatures.Param{Name: m.Name, Type: spellType(b, m.Type)})
	}
	return k
}

// spellType spells what a parameter may be; "" for what is rarer.
func spellType(b *object.BTF, id uint32) string {
	id = b.Modified(id)
	if b.Kind(id) != object.KindPtr {
		return b.Describe(id)
	}
	to := b.Modified(b.Target(id))
	if b.Kind(to) == object.KindPtr || b.Kind(to) == object.KindFuncProto {
		return ""
	}
	if to == 0 {
		return "void *"
	}
	if b.Kind(to) == object.KindFwd && !b.IsUnionForward(to) {
		return "struct " + b.Name(to) + " *"
	}
	return b.Describe(to) + " *"
}

// function in a sentence.
func (k callTarget) String() string {
	if k.Name == "" {
		return "this function"
	}
	// bpf_obj_new is the macro around bpf_obj_new_impl, and its other name since Linux 7.0.
	return quote(strings.TrimSuffix(k.Name, "_impl"))
}

// parameter is what the function calls its n-th argument, from 1 on.
func (k callTarget) parameter(n int) string {
	if n >= 1 && n <= len(k.Params) && k.Params[n-1].Name != "" {
		return quote(k.Params[n-1].Name)
	}
	if n < 1 {
		return "an argument"
	}
	return "its " + ordinalWord(n) + " argument"
}

func (k callTarget) paramType(n int) string {
	if n >= 1 && n <= len(k.Params) {
		return k.Params[n-1].Type
	}
	return ""
}

func ordinalWord(n int) string {
	if n >= 1 && n <= 5 {
		return [...]string{"first", "second", "third", "fourth", "fifth"}[n-1]
	}
	return fmt.Sprintf("%dth", n)
}

// argumentNumber reads what a message calls an argument: "R2", "arg#1" (which
// counts from 0) are both 2. 0 if it is none that is passed in a register.
func argumentNumber(field string) int {
	for _, p := range []struct {
		prefix string
		first  int
	}{{"R", 0}, {"args#", 1}, {"arg#", 1}} {
		if rest, ok := strings.CutPrefix(field, p.prefix); ok {
			if n, err := strconv.Atoi(rest); err == nil && n+p.first >= 1 && n+p.first <= 5 {
				return n + p.first
			}
		}
	}
	return 0
}

// argumentPlace is the place of the n-th argument in front of the call.
func (c *Case) argumentPlace(n int) (verifierlog.Loc, bool) {
	if c.last < 0 || n < 1 || n > 5 {
		return verifierlog.Loc{}, false
	}
	return verifierlog.Reg(c.Path.Step(c.last).Frame, n), true
}

// callNode is the call in the source that an instruction was made from, if it
// is one of that name and not what a macro or an inlined function made of it.
func (c *Case) callNode(insn int, name string) (n *sourcetext.Node, file *sourcetext.File) {
	at, file, ok := c.source(insn)
	if !ok || name == "" {
		return nil, nil
	}
	if at.Stmt == nil {
		if at, file, ok = c.lineAsStatement(insn); !ok {
			return nil, nil
		}
	}
	var find func(nodes []*sourcetext.Node) *sourcetext.Node
	find = func(nodes []*sourcetext.Node) *sourcetext.Node {
		for _, n := range nodes {
			if n == nil {
				continue
			}
			if n.Kind == sourcetext.Call && len(n.Operands) > 0 && n.Operands[0] != nil && n.Operands[0].Span.Start == at.Span.Start &&
				callsFunction(file.Text(n.Operands[0].Span), name) {
				return n
			}
			if found := find(n.Operands); found != nil {
				return found
			}
		}
		return nil
	}
	return find(at.Stmt.Exprs), file
}

// callsFunction says whether a call of the source is one of a function, or of the
// macro around it that takes the same arguments: bpf_obj_new for bpf_obj_new_impl.
func callsFunction(text, name string) bool {
	return text == name || text+"_impl" == name
}

// lineAsStatement reads the line that the object carries, where the file is not
// there, as one of a function.
func (c *Case) lineAsStatement(insn int) (at sourcetext.Place, file *sourcetext.File, ok bool) {
	p, _ := c.place(insn)
	if _, whole := c.files[p.File]; whole || p.Line < 2 || p.Line > 1<<20 || p.Text == "" {
		return at, nil, false
	}
	file = sourcetext.Parse([]byte(strings.Repeat("\n", p.Line-2)+"void f(void) {\n"+p.Text+"\n}\n"), strings.HasSuffix(p.File, ".rs"))
	at, ok = file.At(p.Line, p.Column)
	return at, file, ok && at.Stmt != nil
}

// markCallArgument moves the primary label to the n-th argument of the call and
// returns its source text; "" where the source does not show it, or it is a
// part of a macro's body.
func (c *Case) markCallArgument(d *diag.Diagnostic, k callTarget, n int) string {
	if c.last < 0 || n < 1 {
		return ""
	}
	call, file := c.callNode(c.Path.Insn(c.last), k.Name)
	if call == nil || n >= len(call.Operands) || call.Operands[n] == nil {
		return ""
	}
	arg := call.Operands[n].Span
	for i := range d.Labels {
		if l := &d.Labels[i]; l.Primary {
			cover(l, file, arg)
			return file.Text(arg)
		}
	}
	return ""
}

// markCall widens the primary label from the function's name to the whole call.
func (c *Case) markCall(d *diag.Diagnostic, name string) bool {
	if c.Summary.Insn < 0 {
		return false
	}
	call, file := c.callNode(c.Summary.Insn, name)
	if call == nil {
		return false
	}
	for i := range d.Labels {
		if l := &d.Labels[i]; l.Primary {
			l.EndLine, l.EndColumn = file.Position(call.Span.End)
			return true
		}
	}
	return false
}
