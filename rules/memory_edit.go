package rules

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/debuginfo"
	"github.com/bpfdiag/bpfdiag/internal/lazyregexp"
	"github.com/bpfdiag/bpfdiag/internal/sourcetext"
)

// rewriteAt is a rewrite as a help's edits.
func (c *Case) rewriteAt(e expression, text string) []diag.Edit {
	edit, ok := c.rewrite(e, text)
	if !ok {
		return nil
	}
	return []diag.Edit{edit}
}

// copyArray copies the array that is indexed at the failing instruction, a member
// of a kernel structure, to the stack, and indexes the copy.
func (c *Case) copyArray() []diag.Edit {
	insn := c.Path.Insn(c.last)
	e := c.accessed(insn).indexed()
	array := e.operand(0)
	t := c.typeOf(array)
	if t == nil || t.Underlying().Kind != debuginfo.Array || t.ByteSize() <= 0 || t.ByteSize() > 256 || !array.simple() || array.node.Kind != sourcetext.Member {
		return nil
	}
	name := c.freeName(insn, array.node.Operator, "copy")
	if name == "" {
		return nil
	}
	copied := fmt.Sprintf("bpf_probe_read_kernel(%s, sizeof(%s), %s);", name, name, array.text())
	edit, ok := c.insertBefore(insn, t.Declare(name)+";", copied)
	use := c.rewriteAt(array, name)
	if !ok || use == nil {
		return nil
	}
	return append([]diag.Edit{edit}, use...)
}

// percpuEdit reads a member of this CPU's copy of a kernel variable, or of what a
// per-CPU pointer points to.
func (c *Case) percpuEdit(structure string) []diag.Edit {
	e := c.accessed(c.Path.Insn(c.last))
	of := e.operand(0)
	if e.node == nil || e.node.Kind != sourcetext.Member || of.node.Kind != sourcetext.Name || structure == "" {
		return nil
	}
	pointer := of.text()
	if !e.arrow() {
		pointer = "&" + pointer
	}
	return c.rewriteAt(e, fmt.Sprintf("((struct %s *)bpf_this_cpu_ptr(%s))->%s", structure, pointer, e.node.Operator))
}

// wholeMember reads a member with its own type: `sk->mark` for `*(__u16 *)&sk->mark`.
func (c *Case) wholeMember() []diag.Edit {
	e := c.accessed(c.Path.Insn(c.last))
	if e.node == nil || e.node.Kind != sourcetext.Unary {
		return nil
	}
	m := e.operand(0).address()
	if m.node == nil || m.node.Kind != sourcetext.Member || !m.simple() {
		return nil
	}
	return c.rewriteAt(e, m.text())
}

// plainArithmetic makes an ordinary assignment of an atomic one whose result
// nobody uses.
func (c *Case) plainArithmetic() []diag.Edit {
	e, ok := c.editor(c.Path.Insn(c.last))
	if !ok || e.at.Stmt == nil || len(e.at.Stmt.Exprs) != 1 {
		return nil
	}
	call := expression{node: e.at.Stmt.Exprs[0], file: e.file}
	operator := map[string]string{"add": "+", "sub": "-", "or": "|", "and": "&", "xor": "^"}[strings.TrimPrefix(call.operand(0).text(), "__sync_fetch_and_")]
	if !alone(e.at.Stmt, call) || operator == "" || len(call.node.Operands) != 3 || !call.operand(1).bare().simple() && call.operand(1).address().node == nil {
		return nil
	}
	to := "*" + call.operand(1).text()
	if in := call.operand(1).address(); in.node != nil && in.simple() {
		to = in.text()
	}
	return []diag.Edit{e.replace(call.node.Span, to+" "+operator+"= "+call.operand(2).text())}
}

// mapFlagEdit takes a flag out of a map's definition, where it is the only one.
func (c *Case) mapFlagEdit(name, flag string) []diag.Edit {
	l, ok := c.mapDefinition(name)
	if !ok {
		return nil
	}
	f := c.files[l.File]
	end, _ := f.Offset(l.Line, l.Column)
	begin := strings.LastIndex(f.text[:end], "struct {")
	all := regexp.MustCompile(`__uint\(\s*map_flags\s*,\s*`+regexp.QuoteMeta(flag)+`\s*\);`).FindAllStringIndex(f.text[max(begin, 0):end], -1)
	if begin < 0 || len(all) != 1 {
		return nil
	}
	e := editor{c: c, name: l.File, file: f.File, text: f.text}
	return []diag.Edit{e.replace(e.lines(sourcetext.Span{Start: begin + all[0][0], End: begin + all[0][1]}), "")}
}

// reloadPacket is the help that reads the packet's addresses anew in front of the
// failing access, as the function did first, and checks what the access needs.
func (c *Case) reloadPacket(d *diag.Diagnostic, by string, loss int) {
	text := "load `data` and `data_end` from the context again after " + by + ", and check again before the access"
	h, ok := c.reloaded(text, loss)
	if !ok {
		advise(d, "%s", text)
		return
	}
	d.Helps = append(d.Helps, h)
}

// reloaded is that help; loss is the step behind which the addresses are of no use.
func (c *Case) reloaded(text string, loss int) (h diag.Help, ok bool) {
	insn := c.Path.Insn(c.last)
	e, ok := c.editor(insn)
	r, known := c.reach()
	if !ok || !known || e.at.Stmt == nil {
		return h, false
	}
	a := packetAccess{reach: r}
	need, end := c.needed(&a), c.endInScope(insn, c.endName(c.packetChecks()))
	if need == "" || end == "" {
		return h, false
	}
	since := 0
	if at, _, found := c.source(c.Path.Insn(loss)); found && at.Function.Body == e.function.Body {
		since = at.Span.End
	}
	var lines []string
	done := map[string]bool{}
	for _, name := range words.FindAllString(sizeOf.ReplaceAllString(need+" "+end, ""), -1) {
		more, good := e.made(name, since, done, 0)
		if !good {
			return h, false
		}
		lines = append(lines, more...)
	}
	if len(lines) == 0 {
		return h, false
	}
	h = atMost(c.guard(insn, text, need+" > "+end, lines...), diag.Likely)
	return h, len(h.Edits) > 0
}

var (
	words = lazyregexp.New(`\b[A-Za-z_]\w*\b`)
	// sizeOf is what asks for a type alone: the values of variables in it are not read.
	sizeOf = lazyregexp.New(`\bsizeof\s*\([^()]*\)`)
)

// made are the assignments that give a variable its value once more, those that
// it is computed from first; none for what was made again since an offset. ok is
// false if it has several values.
func (e *editor) made(name string, since int, done map[string]bool, depth int) (lines []string, ok bool) {
	if done[name] || depth > 6 {
		return nil, depth <= 6
	}
	done[name] = true
	value, several, again := "", false, false
	e.statements(func(s *sourcetext.Stmt) {
		for _, n := range s.Exprs {
			walk(n, func(n *sourcetext.Node) {
				text := e.file.Text(n.Span)
				to, from, assigned := strings.Cut(text, "=")
				switch to = strings.Trim(to, " \t*"); {
				case n.Kind == sourcetext.Declarator && len(n.Operands) == 1 && to == name,
					n.Kind == sourcetext.Assign && n.Operator == "=" && to == name && assigned:
					before := value
					value = strings.Join(strings.Fields(from), " ")
					several = several || before != "" && before != value
					again = again || since > 0 && n.Start > since && n.Start < e.at.Span.Start
				case n.Kind == sourcetext.Assign && n.Operator != "=" && e.file.Text(n.Operands[0].Span) == name:
					several = true // it moves
				}
			})
		}
	})
	if again || several {
		return nil, again
	}
	if value == "" || strings.Contains(value, "(") && strings.Contains(value, "bpf_") {
		return nil, true // a parameter, a type, what a helper returned
	}
	for _, w := range words.FindAllString(sizeOf.ReplaceAllString(value, ""), -1) {
		more, good := e.made(w, since, done, depth+1)
		if !good {
			return nil, false
		}
		lines = append(lines, more...)
	}
	return append(lines, name+" = "+value+";"), true
}
