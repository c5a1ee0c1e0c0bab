package rules

import (
	"fmt"
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/lazyregexp"
	"github.com/bpfdiag/bpfdiag/internal/sourcetext"
)

// sourceLoop is a loop of the source that instructions were made from.
type sourceLoop struct {
	insn int // an instruction of it
	name string
	file *sourcetext.File
	stmt *sourcetext.Stmt
}

// loopOf finds the loop of the source that the instructions head to back are,
// by the statements around them. Of a loop that holds inlined functions, the
// outermost code counts.
func (c *Case) loopOf(head, back int) (found sourceLoop, ok bool) {
	depth := 0
	for _, insn := range [...]int{back, head, (head + back) / 2} {
		at, file, known := c.source(insn)
		if !known {
			continue
		}
		p, _ := c.place(insn)
		for s := at.Stmt; s != nil; s = s.Parent {
			if s.Kind == sourcetext.LoopStmt && s.Head.End > s.Head.Start {
				if !ok || len(p.Inlined) < depth {
					found, ok, depth = sourceLoop{insn, p.File, file, s}, true, len(p.Inlined)
				}
				break
			}
		}
	}
	return found, ok
}

// markLoop makes the loop's head the primary label.
func (c *Case) markLoop(d *diag.Diagnostic, l *sourceLoop) {
	c.mark(d, l.insn, l.file, l.stmt.Head)
}

var countedLoop = lazyregexp.New(`^for\s*\(\s*((?:[a-z_0-9]+\s+)*)([A-Za-z_]\w*)\s*=\s*([^;]+?)\s*;\s*([A-Za-z_]\w*)\s*<\s*([^;<=&|]+?)\s*;\s*(?:([A-Za-z_]\w*)\+\+|\+\+([A-Za-z_]\w*)|([A-Za-z_]\w*)\s*\+=\s*1)\s*\)$`)

// asIterator makes the edit that turns `for (int i = 0; i < n; i++)` into
// `bpf_for(i, 0, n)`. ok is false for other loops.
func (c *Case) asIterator(l *sourceLoop) (h diag.Help, ok bool) {
	if _, whole := c.files[l.name]; !whole || c.before("6.4") {
		return h, false
	}
	head := l.file.Text(l.stmt.Head)
	m := countedLoop.FindStringSubmatch(strings.Join(strings.Fields(head), " "))
	if m == nil || m[4] != m[2] || m[6]+m[7]+m[8] != m[2] {
		return h, false
	}
	text := fmt.Sprintf("bpf_for(%s, %s, %s)", m[2], m[3], m[5])
	if typ := strings.TrimSpace(m[1]); typ != "" {
		if l.stmt.Bare {
			return h, false
		}
		text = typ + " " + m[2] + ";\n" + l.file.Indent(l.stmt.Start) + text
	}
	e := editOf(l.name, l.file.Position, l.stmt.Head.Start, l.stmt.Head.End, text)
	return diag.Help{
		Text:          "count with an iterator, of which the verifier need not see every pass (since Linux 6.4; `bpf_loop` since 5.17)",
		Applicability: diag.Placeholder, Edits: []diag.Edit{e},
	}, true
}

// asRepeat makes the edit that bounds a loop without a condition.
func (c *Case) asRepeat(l *sourceLoop) (h diag.Help, ok bool) {
	if _, whole := c.files[l.name]; !whole || c.before("6.4") {
		return h, false
	}
	switch strings.Join(strings.Fields(l.file.Text(l.stmt.Head)), "") {
	case "while(1)", "while(true)", "for(;;)":
	default:
		return h, false
	}
	e := editOf(l.name, l.file.Position, l.stmt.Head.Start, l.stmt.Head.End, "bpf_repeat(1000)")
	return diag.Help{
		Text:          "bound the number of passes (`bpf_repeat` of libbpf, since Linux 6.4)",
		Applicability: diag.Placeholder, Edits: []diag.Edit{e},
	}, true
}
