package rules

import (
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/sourcetext"
)

// editor makes edits of the source file that an instruction comes from.
type editor struct {
	c        *Case
	name     string // of the file
	file     *sourcetext.File
	text     string
	at       sourcetext.Place // what stands at the instruction
	function sourcetext.Function
}

// editor prepares edits at an instruction's place. ok is false without the
// whole file, and in Rust.
func (c *Case) editor(insn int) (e editor, ok bool) {
	at, file, ok := c.source(insn)
	if !ok {
		return e, false
	}
	p, _ := c.place(insn)
	whole, ok := c.files[p.File]
	if !ok || isRust(p.File) {
		return e, false
	}
	return editor{c, p.File, file, whole.text, at, at.Function}, true
}

// replace puts a text in the place of another.
func (e *editor) replace(s sourcetext.Span, text string) diag.Edit {
	return editOf(e.name, e.file.Position, s.Start, s.End, text)
}

// insert puts a text at an offset.
func (e *editor) insert(at int, text string) diag.Edit {
	return e.replace(sourcetext.Span{Start: at, End: at}, text)
}

// level is what one more level of indentation is around a statement.
func (e *editor) level(s *sourcetext.Stmt) string {
	indent := e.file.Indent(s.Start)
	if strings.Contains(indent, "\t") || indent == "" {
		return "\t"
	}
	return strings.Repeat(" ", e.c.indentWidth(e.file, indent, e.function))
}

// before are the edits that put a statement in front of another one, with
// braces if that is the body of an if without. "\n" begins a new line of it,
// "\t" behind that is one level more.
func (e *editor) before(s *sourcetext.Stmt, statement string) []diag.Edit {
	indent := e.file.Indent(s.Start)
	lines := func(indent string) string {
		return strings.ReplaceAll(strings.ReplaceAll(statement, "\n", "\n"+indent), "\n"+indent+"\t", "\n"+indent+e.level(s))
	}
	if !s.Bare {
		return []diag.Edit{e.insert(s.Start, lines(indent)+"\n"+indent)}
	}
	b := s.Parent
	if b == nil || b.Head.End == 0 || b.Head.End > s.Start {
		return nil
	}
	outer := e.file.Indent(b.Start)
	inner := outer + e.level(b)
	if comment := strings.TrimSpace(e.text[b.Head.End:s.Start]); strings.HasPrefix(comment, "//") && !strings.Contains(comment, "\n") {
		return []diag.Edit{e.insert(b.Head.End, " {"), e.insert(s.Start, lines(inner)+"\n"+inner), e.insert(s.End, "\n"+outer+"}")}
	} else if comment != "" {
		return nil // else, it may be
	}
	span := sourcetext.Span{Start: b.Head.End, End: s.End}
	return []diag.Edit{e.replace(span, " {\n"+inner+lines(inner)+"\n"+inner+e.text[s.Start:s.End]+"\n"+outer+"}")}
}

// behind is the edit that puts a statement behind another one, on a line of its own.
func (e *editor) behind(s *sourcetext.Stmt, statement string) []diag.Edit {
	if s.Bare {
		return nil
	}
	indent := e.file.Indent(s.Start)
	return []diag.Edit{e.insert(s.End, "\n"+indent+strings.ReplaceAll(statement, "\n", "\n"+indent))}
}

// remove deletes a statement, with its line where it is alone there. One that is all that
// an if does goes with the if, unless the condition may do something.
func (e *editor) remove(s *sourcetext.Stmt) []diag.Edit {
	if s == nil || s.Kind == sourcetext.LabelStmt || s.Kind == sourcetext.DeclStmt {
		return nil
	}
	for s.Parent != nil && s.Parent.Kind == sourcetext.IfStmt && len(s.Parent.Body) == 1 {
		if s = s.Parent; !e.harmless(s) {
			return nil
		}
	}
	if s.Bare {
		return nil
	}
	return []diag.Edit{e.replace(e.lines(s.Span), "")}
}

// harmless says that the head of an if does nothing but ask.
func (e *editor) harmless(s *sourcetext.Stmt) bool {
	ok := true
	for _, n := range s.Exprs {
		walk(n, func(n *sourcetext.Node) {
			switch n.Kind {
			case sourcetext.Call, sourcetext.Assign, sourcetext.Postfix, sourcetext.Block:
				ok = false
			case sourcetext.Unary:
				ok = ok && n.Operator != "++" && n.Operator != "--"
			}
		})
	}
	return ok && !e.hasElse(s)
}

func (e *editor) hasElse(s *sourcetext.Stmt) bool { return hasWord(e.text[s.Head.End:s.End], "else") }

// lines widens a span to whole lines if nothing else stands on them.
func (e *editor) lines(s sourcetext.Span) sourcetext.Span {
	from, to := s.Start, s.End
	for from > 0 && (e.text[from-1] == ' ' || e.text[from-1] == '\t') {
		from--
	}
	for to < len(e.text) && (e.text[to] == ' ' || e.text[to] == '\t') {
		to++
	}
	if from > 0 && e.text[from-1] != '\n' || to >= len(e.text) || e.text[to] != '\n' {
		return s
	}
	return sourcetext.Span{Start: from, End: to + 1}
}

// statement is the statement of the function that an expression stands in, nil
// where it is not one by itself.
func (e *editor) statement(n *sourcetext.Node) (found *sourcetext.Stmt) {
	e.statements(func(s *sourcetext.Stmt) {
		if inside(n.Span, s.Span) {
			found = s // the innermost comes last
		}
	})
	return found
}

// statements visits all statements of the function, outer ones first.
func (e *editor) statements(visit func(*sourcetext.Stmt)) {
	eachStatement(e.file.Statements(e.function), visit)
}

// eachStatement visits statements and those of their bodies, outer ones first.
func eachStatement(all []*sourcetext.Stmt, visit func(*sourcetext.Stmt)) {
	for _, s := range all {
		visit(s)
		eachStatement(s.Body, visit)
	}
}

// calls visits the calls of a function, or of any that the name begins, in the
// order of the text.
func (e *editor) calls(match func(name string) bool, visit func(s *sourcetext.Stmt, call expression)) {
	e.statements(func(s *sourcetext.Stmt) {
		for _, n := range s.Exprs {
			walk(n, func(n *sourcetext.Node) {
				if n.Kind == sourcetext.Call && len(n.Operands) > 0 && match(e.file.Text(n.Operands[0].Span)) {
					visit(s, expression{node: n, file: e.file})
				}
			})
		}
	})
}

// alone says that a call is all that a statement does, so that it can go.
func alone(s *sourcetext.Stmt, call expression) bool {
	return s != nil && s.Kind == sourcetext.ExprStmt && len(s.Exprs) == 1 && call.node != nil && s.Exprs[0].Span == call.node.Span
}

// declare puts a declaration in front of the function, unless the file has the name.
func (e *editor) declare(name, declaration string) []diag.Edit {
	if hasWord(e.text, name) {
		return nil
	}
	line, _ := e.file.Position(e.function.Start)
	for line > 1 { // over what is said of the function
		start, ok := e.file.Offset(line-1, 1)
		end, found := e.file.Offset(line, 1)
		above := ""
		if ok && found {
			above = strings.TrimSpace(e.text[start:end])
		}
		if !strings.HasPrefix(above, "//") && !strings.HasPrefix(above, "*") && !strings.HasPrefix(above, "/*") {
			break
		}
		line--
	}
	at, ok := e.file.Offset(line, 1)
	if !ok {
		return nil
	}
	return []diag.Edit{e.insert(at, declaration+"\n\n")}
}

// offer adds a help with edits; without any it is advice.
func offer(d *diag.Diagnostic, text string, how diag.Applicability, edits []diag.Edit) {
	if len(edits) == 0 {
		how = diag.Placeholder
	}
	d.Helps = append(d.Helps, diag.Help{Text: text, Applicability: how, Edits: edits})
}

// kfuncs are the declarations of those kfuncs that edits call, as the kernel has them.
var kfuncs = map[string]string{
	"bpf_rcu_read_lock":    "void bpf_rcu_read_lock(void)",
	"bpf_rcu_read_unlock":  "void bpf_rcu_read_unlock(void)",
	"bpf_iter_num_destroy": "void bpf_iter_num_destroy(struct bpf_iter_num *it)",
	"bpf_dynptr_from_skb":  "int bpf_dynptr_from_skb(struct __sk_buff *skb, __u64 flags, struct bpf_dynptr *ptr)",
	"bpf_dynptr_from_xdp":  "int bpf_dynptr_from_xdp(struct xdp_md *xdp, __u64 flags, struct bpf_dynptr *ptr)",
}

// declareKfunc declares a kfunc, if the file has not got it. A header may have it:
// vmlinux.h of newer bpftool does, where a second declaration does no harm.
func (e *editor) declareKfunc(name string) (edits []diag.Edit, ok bool) {
	if hasWord(e.text, name) {
		return nil, true
	}
	if kfuncs[name] == "" {
		return nil, false
	}
	return e.declare(name, "extern "+kfuncs[name]+" __ksym;"), true
}
