package sourcetext

import "strings"

// Function is a function of the text, or the initial value of a variable.
type Function struct {
	Name string
	Span      // from its first token on
	Body Span // with its braces

	open int
}

// functionAt finds the function around a token.
func (f *File) functionAt(tok int) (Function, bool) {
	if f.rust {
		return f.rustFunction(tok)
	}
	for i := 0; i <= tok; i = f.after(i, len(f.toks)) {
		if m := f.toks[i].match; f.is(i, "{") && m > i && i <= tok && tok <= m {
			head := i
			for head > 0 && !f.is(head-1, ";") && !f.is(head-1, "}") {
				head--
			}
			return f.function(head, i), true
		}
	}
	// The head of a function: its parameters, or its name.
	for i := tok; i < len(f.toks); i = f.after(i, len(f.toks)) {
		if f.is(i, ";") || f.is(i, "}") {
			break
		}
		if f.is(i, "{") && f.toks[i].match > i {
			head := tok
			for head > 0 && !f.is(head-1, ";") && !f.is(head-1, "}") {
				head--
			}
			return f.function(head, i), true
		}
	}
	return Function{}, false
}

func (f *File) function(head, open int) Function {
	out := Function{open: open}
	out.Body = Span{f.toks[open].start, f.toks[f.toks[open].match].end}
	out.Span = Span{f.toks[head].start, out.Body.End}
	for i := head; i < open; i = f.after(i, open) {
		w := f.word(i)
		if w == "" || !f.is(i+1, "(") || w == "SEC" || strings.HasPrefix(w, "__attribute") || i+1 >= open {
			continue
		}
		out.Name = w
		if strings.ToUpper(w) == w && f.word(i+2) != "" { // BPF_PROG(name, ...)
			out.Name = f.word(i + 2)
		}
	}
	return out
}

func (f *File) rustFunction(tok int) (Function, bool) {
	best, found := Function{}, false
	for i := 0; i <= tok; i++ {
		if f.word(i) != "fn" || f.word(i+1) == "" {
			continue
		}
		open := i + 1
		for open < len(f.toks) && !f.is(open, "{") && !f.is(open, ";") && f.word(open) != "fn" {
			open = f.after(open, len(f.toks))
		}
		if f.is(open, "{") && f.toks[open].match >= tok {
			best = Function{Name: f.word(i + 1), open: open, Body: Span{f.toks[open].start, f.toks[f.toks[open].match].end}}
			best.Span, found = Span{f.toks[i].start, best.Body.End}, true
		}
	}
	return best, found
}

// statements returns the statements of a function.
func (f *File) statements(fn Function) []*Stmt {
	out, ok := f.bodies[fn.open]
	if !ok {
		out = f.block(fn.open+1, f.toks[fn.open].match, nil, 0)
		f.bodies[fn.open] = out
	}
	return out
}

// Statements returns the statements of a function's body.
func (f *File) Statements(fn Function) []*Stmt {
	if fn.Body.End == 0 || fn.open >= len(f.toks) {
		return nil
	}
	return f.statements(fn)
}

// Function returns the function around an offset.
func (f *File) Function(off int) (Function, bool) {
	tok, ok := f.tokenAt(off)
	if !ok {
		return Function{}, false
	}
	return f.functionAt(tok)
}

// Place is what is at a position of the text.
type Place struct {
	// Expr is the smallest expression that the compiler means by the position,
	// nil if there is none.
	Expr *Node
	// Span is that of Expr; else a keyword and its head (`if (...)`,
	// `return x`), or the token.
	Span Span
	Stmt *Stmt // the innermost statement there, nil outside of functions
	// InHead says that it is in a condition or another part of Stmt.Head.
	InHead   bool
	Function Function
}

// At returns what is at a line and column as debug information gives them,
// from 1 on, in bytes. ok is false where there is nothing, such as in a comment,
// in a preprocessor line, or behind the text's end. Column 0 means that the
// compiler gave none: Span is the first statement's that begins on the line.
func (f *File) At(line, column int) (p Place, ok bool) {
	off, ok := f.Offset(line, column)
	if !ok {
		return p, false
	}
	tok, ok := f.tokenAt(off)
	if !ok {
		return p, false
	}
	p.Span = Span{f.toks[tok].start, f.toks[tok].end}
	fn, ok := f.functionAt(tok)
	if !ok {
		return p, true
	}
	p.Function = fn
	if tok < fn.open {
		if h := f.headOf(fn); h.Start <= off && off < h.End || column == 0 {
			p.Span = h
		}
		return p, true
	}
	find := finder{f: f, tok: tok}
	find.stmts(f.statements(fn))
	p.Stmt = find.stmt
	if s := p.Stmt; s != nil {
		p.InHead = s.Head.Start <= off && off < s.Head.End
	}
	if column == 0 {
		if s := p.Stmt; s != nil && s.first == tok {
			p.Span = s.Span
			if s.Head.End > s.Head.Start {
				p.Span = s.Head
			}
		}
		return p, true
	}
	if n := f.choose(find.found); n != nil {
		if w := f.word(tok); n.Kind == Name && strings.HasPrefix(strings.TrimLeft(w, "_"), "asm") && p.Stmt != nil && p.Stmt.first == tok {
			p.Span = f.trimmed(p.Stmt.Span)
			return p, true
		}
		p.Expr, p.Span = n, n.Span
		return p, true
	}
	if s := p.Stmt; s != nil && s.first == tok {
		switch {
		case s.Head.End > s.Head.Start && s.Head.Start == p.Span.Start:
			p.Span = s.Head
		case s.Kind == ReturnStmt || s.Kind == LabelStmt || s.Kind == JumpStmt:
			p.Span = f.trimmed(s.Span)
		}
	}
	return p, true
}

// trimmed is a statement's span without its semicolon.
func (f *File) trimmed(s Span) Span {
	for s.End > s.Start+1 && strings.IndexByte("; \t", f.text[s.End-1]) >= 0 {
		s.End--
	}
	return s
}

// headOf is a function's name and parameters.
func (f *File) headOf(fn Function) Span {
	for i := fn.open - 1; i > 0 && f.toks[i].start >= fn.Start; i-- {
		if m := f.toks[i].match; f.is(i, ")") && m > 0 && f.word(m-1) != "" && !strings.HasPrefix(f.word(m-1), "__attribute") {
			return Span{f.toks[m-1].start, f.toks[i].end}
		}
	}
	return Span{fn.Start, fn.Body.Start}
}

// finder looks for what a token belongs to.
type finder struct {
	f     *File
	tok   int
	stmt  *Stmt
	found []*Node // those that the token is the anchor of, outer ones first
}

func (d *finder) stmts(list []*Stmt) {
	for _, s := range list {
		if s.first > d.tok || s.last < d.tok {
			continue
		}
		d.stmt = s
		for _, n := range s.Exprs {
			// `if (p->x)`: the branch is at the condition's beginning.
			if n.Kind == Member && n.first == d.tok && s.Head.Start <= n.Start && n.Start < s.Head.End {
				d.found = append(d.found, n)
				return
			}
			d.node(n)
		}
		d.stmts(s.Body)
	}
}

func (d *finder) node(n *Node) {
	at := d.f.toks[d.tok].start
	if at < n.Start || at >= n.End {
		return
	}
	if n.anchor == d.tok || d.f.rust && n.first == d.tok && n.Kind != Block {
		d.found = append(d.found, n)
	}
	for _, o := range n.Operands {
		d.node(o)
	}
	d.stmts(n.stmts)
}

// choose picks the expression that a position means of those that begin or
// have their operator there.
func (f *File) choose(found []*Node) *Node {
	var best *Node
	for _, n := range found {
		switch {
		case best == nil:
			best = n
		case f.rust: // the outermost: rustc points at an expression's beginning
		case best.Kind == Call || best.Kind == Index:
			// A call or an element is meant, not the name that it begins with.
		default:
			best = n
		}
	}
	return best
}
