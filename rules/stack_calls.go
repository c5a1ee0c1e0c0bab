package rules

import (
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/object"
)

// functionNamed is a function of the object by its name.
func (c *Case) functionNamed(name string) *object.Function {
	if c.Object == nil {
		return nil
	}
	for _, f := range c.Object.Functions {
		if f.Name == name {
			return f
		}
	}
	return nil
}

// callee is the function of the object that an instruction calls, nil if it
// calls none (the loader's layout follows the same relocations).
func (c *Case) callee(fn *object.Function, i int) *object.Function {
	in := fn.Insns[i]
	if in.Code != object.CodeCall || in.Src() != object.PseudoCall {
		return nil
	}
	for _, r := range fn.Relocs {
		if r.Insn == i {
			if r.Kind != object.RelocCall {
				return nil
			}
			return c.Object.Subprogram(int(r.Offset)/8 + int(in.Imm) + 1)
		}
	}
	return c.Object.Subprogram(fn.Offset() + i + int(in.Imm) + 1)
}

// callOf finds a call of one function in another: the instruction in the
// caller and its number in the program (-1 when not known).
func (c *Case) callOf(caller, callee string) (fn *object.Function, i, insn int, ok bool) {
	fn = c.functionNamed(caller)
	if fn == nil {
		return nil, 0, 0, false
	}
	for i := range fn.Insns {
		if to := c.callee(fn, i); to != nil && to.Name == callee {
			return fn, i, c.insnOf(fn, i), true
		}
	}
	return nil, 0, 0, false
}

// insnOf is the number in the program of a function's instruction; -1 if the
// function is not part of it.
func (c *Case) insnOf(fn *object.Function, i int) int {
	if c.Locate == nil {
		return -1
	}
	for n := 0; ; {
		f, k, ok := c.Locate(n)
		if !ok {
			return -1
		}
		if f == fn {
			return n - k + i
		}
		n += max(len(f.Insns)-k, 1)
	}
}

// labelAt makes the place of a function's instruction the primary label, if
// there is none, or adds a label.
func (c *Case) labelAt(d *diag.Diagnostic, fn *object.Function, i, insn int, text string) {
	if insn < 0 {
		return
	}
	l, ok := c.label(insn, text)
	if !ok {
		return
	}
	l.Primary = true
	for j := range d.Labels {
		if d.Labels[j].Primary {
			d.Labels[j] = l
			return
		}
	}
	d.Labels = append(d.Labels, l)
}

// labelFunction labels the line of a function's head: its name, as line
// information places the first instruction.
func (c *Case) labelFunction(d *diag.Diagnostic, name, text string) bool {
	fn := c.functionNamed(name)
	if fn == nil {
		return false
	}
	l, ok := c.functionLabel(fn, text)
	if !ok {
		return false
	}
	l.Primary = true
	for j := range d.Labels {
		if d.Labels[j].Primary {
			l.Primary = false
		}
	}
	d.Labels = append(d.Labels, l)
	return true
}

// functionLabel is a label of the line with a function's name.
func (c *Case) functionLabel(fn *object.Function, text string) (diag.Label, bool) {
	in := c.debug()
	if in == nil {
		return diag.Label{}, false
	}
	p, ok := in.Place(fn, 0)
	if !ok || p.Line == 0 || len(p.Inlined) > 0 || p.Function != fn.Name {
		return diag.Label{}, false
	}
	l := diag.Label{Text: text, File: p.File, Line: p.Line, Function: p.Function, Source: strings.TrimRight(p.Text, "\r\n")}
	if file := c.file(p.File, p.Line, p.Text); file != nil {
		if at, ok := file.At(p.Line, p.Column); ok && at.Function.Name == fn.Name && at.Function.Body.Start > at.Function.Start {
			head := strings.TrimRight(file.Text(at.Function.Span)[:at.Function.Body.Start-at.Function.Start], " \t\r\n")
			from := strings.LastIndex(head, fn.Name+"(")
			if from < 0 {
				from = 0
			}
			from = strings.LastIndexByte(head[:from], '\n') + 1
			line, _, _ := strings.Cut(head[from:], "\n")
			l.Line, l.Column = file.Position(at.Function.Start + from)
			l.EndLine, l.EndColumn = file.Position(at.Function.Start + from + len(strings.TrimRight(line, " \t\r")))
			if l.Line != p.Line {
				l.Source = ""
			}
		}
	}
	if insn := c.insnOf(fn, 0); insn >= 0 {
		l.Insn = &insn
	}
	return l, true
}
