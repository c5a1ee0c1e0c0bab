package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/debuginfo"
	"github.com/bpfdiag/bpfdiag/internal/lazyregexp"
	"github.com/bpfdiag/bpfdiag/internal/object"
	"github.com/bpfdiag/bpfdiag/internal/sourcetext"
)

// stackVariable is a variable on the stack, where the source declares it.
type stackVariable struct {
	debuginfo.StackUse
	fn       *object.Function
	name     string // of the file
	file     sourceFile
	stmt     *sourcetext.Stmt
	node     *sourcetext.Node
	function sourcetext.Function
	span     sourcetext.Span // `path[320]`
}

// dimensions are those of an array behind the name that is declared.
var dimensions = lazyregexp.New(`^\w+(?:\s*\[[^\]]*\])*`)

// declared finds the declaration of a variable on the stack of a function.
func (c *Case) declared(fn *object.Function, use debuginfo.StackUse) (v stackVariable, ok bool) {
	p, ok := c.debug().Place(fn, 0)
	if !ok || use.Line == 0 {
		return v, false
	}
	if n := len(p.Inlined); n > 0 { // the first instruction may be of a header's function
		p.File, p.Line, p.Text = p.Inlined[n-1].File, p.Inlined[n-1].Line, ""
	}
	c.file(p.File, p.Line, p.Text)
	v = stackVariable{StackUse: use, fn: fn, name: p.File}
	if v.file, ok = c.files[p.File]; !ok {
		return v, false
	}
	at, ok := v.file.At(use.Line, 0)
	if !ok || at.Stmt == nil || at.Stmt.Kind != sourcetext.DeclStmt || at.Function.Name != strings.TrimPrefix(use.Function, "____") {
		return v, false
	}
	for _, n := range at.Stmt.Exprs {
		text := dimensions.FindString(v.file.Text(n.Span))
		if name, _, _ := strings.Cut(text, "["); n.Kind == sourcetext.Declarator && strings.TrimSpace(name) == use.Name {
			v.stmt, v.node, v.function = at.Stmt, n, at.Function
			v.span = sourcetext.Span{Start: n.Start, End: n.Start + len(text)}
			return v, true
		}
	}
	return v, false
}

// frames labels what is on the stack of the functions of a chain, at the
// declarations of their large variables. The largest of all is the primary
// label; it is returned, nil if it was not found in the source.
func (c *Case) frames(d *diag.Diagnostic, g *callGraph, chain []*object.Function) (most *stackVariable) {
	in := c.debug()
	if in == nil {
		return nil
	}
	primary, size := -1, int64(0)
	for _, fn := range chain {
		frame := int64(g.size[fn])
		if frame < 16 && (len(d.Labels) > 0 || fn != chain[len(chain)-1]) || len(d.Labels) > 5 {
			continue // what little each of them has is in the note
		}
		vars, _ := in.StackUse(fn)
		labelled := 0
		var seen []sourcetext.Span
		for _, use := range vars {
			if 4*use.Size < frame || labelled == 2 {
				break
			}
			v, found := c.declared(fn, use)
			if !found || slices.ContainsFunc(seen, func(s sourcetext.Span) bool { return s == v.span }) {
				continue // a part of one that is larger
			}
			seen = append(seen, v.span)
			share := fmt.Sprintf("%d of the %d bytes in the frame of %s", use.Size, frame, quote(fn.Name))
			if use.Size == frame {
				share = fmt.Sprintf("%d bytes, the whole frame of %s", use.Size, quote(fn.Name))
			}
			l := mark(v.name, v.file.File, v.span, share)
			if l.Function = fn.Name; use.Size > size {
				most, size, primary = &v, use.Size, len(d.Labels)
			}
			d.Labels = append(d.Labels, l)
			labelled++
		}
		if labelled > 0 {
			continue
		}
		if l, found := c.functionLabel(fn, frameText(frame, vars, fn)); found {
			if frame > size {
				most, size, primary = nil, frame, len(d.Labels)
			}
			d.Labels = append(d.Labels, l)
		}
	}
	if primary >= 0 {
		d.Labels[primary].Primary = true
	}
	return most
}

// frameText tells a frame's largest variables, which the source does not show.
func frameText(frame int64, vars []debuginfo.StackUse, fn *object.Function) string {
	var parts []string
	for i, v := range vars {
		if v.Size < 8 || i == 3 {
			break
		}
		s := fmt.Sprintf("%s %d", quote(v.Name), v.Size)
		if v.Function != "" && v.Function != fn.Name {
			s += " (of " + quote(v.Function) + ", inlined)"
		}
		parts = append(parts, s)
	}
	text := fmt.Sprintf("%d bytes of stack", frame)
	if len(parts) > 0 {
		text += ": " + strings.Join(parts, ", ")
	}
	return text
}
