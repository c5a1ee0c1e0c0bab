package sourcetext

import "strings"

// block reads the statements of a block.
func (f *File) block(lo, hi int, parent *Stmt, depth int) []*Stmt {
	var out []*Stmt
	for lo < hi {
		s, next := f.statement(lo, hi, parent, depth)
		if s != nil {
			out = append(out, s)
		}
		lo = max(next, lo+1)
	}
	return out
}

// statement reads the statement that begins at token i; next is the token
// behind it. It is nil for what is none, such as a lone semicolon.
func (f *File) statement(i, hi int, parent *Stmt, depth int) (s *Stmt, next int) {
	if depth > maxDepth {
		return nil, hi
	}
	s = &Stmt{Parent: parent, first: i}
	done := func(kind StmtKind, next int) (*Stmt, int) {
		next = min(max(next, i+1), hi)
		s.Kind, s.last = kind, next-1
		s.Span = Span{f.toks[i].start, f.toks[next-1].end}
		return s, next
	}
	switch w := f.word(i); {
	case f.is(i, ";"):
		return nil, i + 1
	case f.is(i, "{"):
		end := f.after(i, hi)
		s.Body = f.block(i+1, f.inside(i, end), s, depth+1)
		return done(BlockStmt, end)
	case f.is(i, "}") || f.is(i, ")") || f.is(i, "]"):
		return nil, i + 1
	case f.rust && f.is(i, "#"): // an attribute
		return nil, f.after(f.skipTo(i, hi, "["), hi)
	case f.rust && f.toks[i].kind == lifetime && f.is(i+1, ":"):
		return nil, i + 2
	case w == "unsafe" && f.is(i+1, "{"):
		end := f.after(i+1, hi)
		s.Body = f.block(i+2, f.inside(i+1, end), s, depth+1)
		return done(BlockStmt, end)
	case f.rust && (w == "fn" || w == "struct" || w == "use" || w == "impl" || w == "enum"):
		return nil, f.itemEnd(i, hi)
	case w == "if" || w == "while" || w == "for" || w == "switch" || w == "match" && f.rust || w == "loop" && f.rust:
		kind := LoopStmt
		switch w {
		case "if":
			kind = IfStmt
		case "switch", "match":
			kind = SwitchStmt
		}
		return done(kind, f.compound(s, i, hi, depth))
	case w == "do" && !f.rust:
		body, end := f.statement(i+1, hi, s, depth+1)
		s.addBody(f, body)
		if f.word(end) == "while" {
			close := f.after(end+1, hi)
			s.Head = Span{f.toks[end].start, f.toks[min(close, hi)-1].end}
			s.Exprs = f.nodes(end+2, f.inside(end+1, close), depth+1)
			end = close
			if f.is(end, ";") {
				end++
			}
		}
		return done(LoopStmt, end)
	case (w == "case" || w == "default") && !f.rust:
		end := f.skipTo(i, hi, ":")
		s.Exprs = f.nodes(i+1, min(end, hi), depth+1)
		return done(LabelStmt, end+1)
	case w != "" && f.is(i+1, ":") && !f.rust && !isTypeWord(w):
		return done(LabelStmt, i+2)
	case w == "else":
		body, end := f.statement(i+1, hi, parent, depth+1)
		return body, end
	case w == "return" && !f.rust:
		end := f.skipTo(i, hi, ";")
		s.Exprs = f.nodes(i+1, min(end, hi), depth+1)
		return done(ReturnStmt, end+1)
	case w == "break" || w == "continue" || w == "goto":
		end := f.skipTo(i, hi, ";")
		return done(JumpStmt, end+1)
	case f.rust && w == "let":
		return done(DeclStmt, f.rustLet(s, i, hi, depth))
	case !f.rust && w != "" && f.is(i+1, "("):
		// bpf_for(i, 0, 10) { ... }: a macro that makes a loop of what follows.
		end := f.after(i+1, hi)
		if f.is(end, "{") || end < hi && f.toks[end].kind == ident && strings.Contains(w, "for") {
			s.Head = Span{f.toks[i].start, f.toks[end-1].end}
			s.Exprs = f.nodes(i, end, depth+1)
			body, next := f.statement(end, hi, s, depth+1)
			s.addBody(f, body)
			return done(LoopStmt, next)
		}
	}
	end := f.statementEnd(i, hi)
	kind := ExprStmt
	if !f.rust && f.isDeclaration(i, end) {
		kind = DeclStmt
		s.Exprs = f.declarators(i, end, depth+1)
	} else {
		s.Exprs = f.nodes(i, end, depth+1)
		if f.rust && f.word(i) == "return" {
			kind = ReturnStmt
		}
	}
	if f.is(end, ";") || f.rust && f.is(end, ",") {
		end++
	}
	return done(kind, end)
}

// addBody takes the statement that an if or a loop governs.
func (s *Stmt) addBody(f *File, body *Stmt) {
	if body == nil {
		return
	}
	if body.Kind == BlockStmt && f.is(body.first, "{") {
		for _, b := range body.Body {
			b.Parent = s
		}
		s.Body = append(s.Body, body.Body...)
		return
	}
	body.Bare = true
	s.Body = append(s.Body, body)
}

// compound reads the head and body of if, for, while, switch, match.
func (f *File) compound(s *Stmt, i, hi, depth int) (next int) {
	open := i + 1
	var end int
	if f.rust {
		open = i
		for end = f.skipTo(i+1, hi, "{"); f.word(end-1) == "unsafe"; {
			end = f.skipTo(f.after(end, hi), hi, "{")
		}
		s.Exprs = f.rustHead(i+1, end, depth+1)
	} else {
		if !f.is(open, "(") {
			return i + 1
		}
		end = f.after(open, hi)
		for lo := open + 1; lo < f.inside(open, end); {
			semi := f.skipTo(lo, f.inside(open, end), ";")
			if f.isDeclaration(lo, semi) {
				s.Exprs = append(s.Exprs, f.declarators(lo, semi, depth+1)...)
			} else {
				s.Exprs = append(s.Exprs, f.nodes(lo, semi, depth+1)...)
			}
			lo = semi + 1
		}
	}
	if end > i {
		s.Head = Span{f.toks[i].start, f.toks[min(end, hi)-1].end}
	}
	if f.rust && f.word(i) == "match" && f.is(end, "{") {
		close := f.after(end, hi)
		s.Body = f.arms(end+1, f.inside(end, close), s, depth+1)
		return close
	}
	if end >= hi {
		return hi
	}
	body, next := f.statement(end, hi, s, depth+1)
	s.addBody(f, body)
	if f.word(i) == "if" && f.word(next) == "else" && next < hi {
		body, next = f.statement(next+1, hi, s, depth+1)
		s.addBody(f, body)
	}
	return next
}

// rustHead reads a condition, `let` patterns included, or `x in iterator`.
func (f *File) rustHead(lo, hi, depth int) []*Node {
	var out []*Node
	at := lo
	for i := lo; i < hi; i = f.after(i, hi) {
		if f.word(i) == "in" || f.is(i, "=") {
			at = i + 1
		} else if f.word(i) == "let" && i > at {
			out = append(out, f.nodes(at, i, depth)...)
		}
	}
	return append(out, f.nodes(at, hi, depth)...)
}

// arms reads `pattern => value,`.
func (f *File) arms(lo, hi int, parent *Stmt, depth int) []*Stmt {
	var out []*Stmt
	for lo < hi {
		arrow := f.skipTo(lo, hi, "=>")
		if arrow >= hi {
			return out
		}
		out = append(out, &Stmt{Kind: LabelStmt, Parent: parent, first: lo, last: arrow, Span: Span{f.toks[lo].start, f.toks[arrow].end}})
		if arrow+1 >= hi {
			return out
		}
		s, next := f.statement(arrow+1, hi, parent, depth)
		if s != nil {
			s.Bare = s.Kind != BlockStmt
			out = append(out, s)
		}
		if f.is(next, ",") {
			next++
		}
		lo = max(next, arrow+2)
	}
	return out
}

func (f *File) rustLet(s *Stmt, i, hi, depth int) (next int) {
	end := f.skipTo(i, hi, ";")
	eq := f.skipTo(i, end, "=")
	name := i + 1
	for f.word(name) == "mut" || f.word(name) == "ref" {
		name++
	}
	n := &Node{Kind: Declarator, anchor: min(name, hi-1), first: min(name, hi-1)}
	n.Span = Span{f.toks[n.first].start, f.toks[max(min(end, hi)-1, n.first)].end}
	if eq < end {
		n.Operands = f.nodes(eq+1, end, depth+1)
	}
	s.Exprs = []*Node{n}
	return end + 1
}

// itemEnd is behind an item of Rust: its block or semicolon.
func (f *File) itemEnd(i, hi int) int {
	for ; i < hi; i = f.after(i, hi) {
		if f.is(i, ";") {
			return i + 1
		}
		if f.is(i, "{") {
			return f.after(i, hi)
		}
	}
	return hi
}

// statementEnd is the `;` that ends the statement at i, or where the block
// ends. In Rust a block ends a statement that begins with it.
func (f *File) statementEnd(i, hi int) int {
	for ; i < hi; i = f.after(i, hi) {
		if f.is(i, ";") || f.is(i, "}") || f.rust && f.is(i, ",") {
			return i
		}
	}
	return hi
}

// skipTo returns the first token from i on, not inside brackets, that is s; hi
// if there is none.
func (f *File) skipTo(i, hi int, s string) int {
	for ; i < hi; i = f.after(i, hi) {
		if f.is(i, s) {
			return i
		}
	}
	return hi
}

// inside is where the inside of the bracket at open ends, end being behind it.
func (f *File) inside(open, end int) int {
	if open < len(f.toks) && f.toks[open].match > open {
		return max(end-1, open+1)
	}
	return end
}

// isDeclaration guesses as a reader of C does: a type word, or two names in a
// row with nothing but stars between them.
func (f *File) isDeclaration(lo, hi int) bool {
	w := f.word(lo)
	if w == "" || lo >= hi || w == "asm" || w == "__asm__" || w == "__asm" || w == "sizeof" {
		return false
	}
	if isTypeWord(w) {
		return true
	}
	i := lo + 1
	for i < hi && f.is(i, "*") {
		i++
	}
	if i >= hi || f.word(i) == "" {
		return false
	}
	if i > lo+1 { // `a * b` is a product when it goes on as one
		return i+1 >= hi || f.is(i+1, "=") || f.is(i+1, ",") || f.is(i+1, "[")
	}
	return true
}

// declarators reads what a declaration declares.
func (f *File) declarators(lo, hi, depth int) []*Node {
	var out []*Node
	for lo < hi {
		// The name is the last one before `=`, `[`, `:` or `,`.
		i, name := lo, -1
		for i < hi && !f.is(i, "=") && !f.is(i, ",") && !f.is(i, "[") && !f.is(i, ":") {
			if f.word(i) != "" && !strings.HasPrefix(f.word(i), "__attribute") {
				name = i
			}
			i = f.after(i, hi)
		}
		for i < hi && (f.is(i, "[") || f.is(i, ":") || f.toks[i].kind == number || f.word(i) != "" || f.is(i, "(")) {
			i = f.after(i, hi)
		}
		end := f.skipTo(i, hi, ",")
		if name >= 0 {
			n := &Node{Kind: Declarator, first: name, anchor: name, Span: Span{f.toks[name].start, f.toks[max(end-1, name)].end}}
			if f.is(i, "=") && i < end {
				n.Operands = f.nodes(i+1, end, depth+1)
			}
			out = append(out, n)
		}
		lo = end + 1
	}
	return out
}
