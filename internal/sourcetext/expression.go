package sourcetext

// parser reads the tokens [i, hi).
type parser struct {
	f     *File
	i, hi int
	depth int
}

// maxDepth bounds nesting; what is deeper has no nodes.
const maxDepth = 200

// Precedences. Those of C; Rust's & ^ | bind tighter than comparisons.
var precC = map[string]int{
	",": 1,
	"=": 2, "+=": 2, "-=": 2, "*=": 2, "/=": 2, "%=": 2, "&=": 2, "|=": 2, "^=": 2, "<<=": 2, ">>=": 2,
	"?": 3, "||": 4, "&&": 5, "|": 6, "^": 7, "&": 8, "==": 9, "!=": 9,
	"<": 10, ">": 10, "<=": 10, ">=": 10, "<<": 11, ">>": 11, "+": 12, "-": 12, "*": 13, "/": 13, "%": 13,
}

var precRust = map[string]int{
	"=": 2, "+=": 2, "-=": 2, "*=": 2, "/=": 2, "%=": 2, "&=": 2, "|=": 2, "^=": 2, "<<=": 2, ">>=": 2,
	"..": 3, "..=": 3, "||": 4, "&&": 5, "==": 6, "!=": 6, "<": 6, ">": 6, "<=": 6, ">=": 6,
	"|": 7, "^": 8, "&": 9, "<<": 11, ">>": 11, "+": 12, "-": 12, "*": 13, "/": 13, "%": 13, "as": 14,
}

const (
	precComma  = 1
	precAssign = 2
	precCond   = 3
	precUnary  = 15
)

// nodes reads expressions until hi; between them it skips what is none.
func (f *File) nodes(lo, hi, depth int) []*Node {
	p := &parser{f: f, i: lo, hi: hi, depth: depth}
	var out []*Node
	for p.i < p.hi {
		at := p.i
		if n := p.expr(precComma); n != nil {
			out = append(out, n)
		}
		if p.i == at {
			p.i = f.after(p.i, hi)
		}
	}
	return out
}

func (p *parser) text() string {
	if p.i >= p.hi {
		return ""
	}
	t := p.f.toks[p.i]
	if t.kind == str || t.kind == char {
		return "\""
	}
	return string(p.f.text[t.start:t.end])
}

func (p *parser) is(s string) bool { return p.i < p.hi && p.f.is(p.i, s) }

func (p *parser) node(kind NodeKind, first, anchor int, operands ...*Node) *Node {
	n := &Node{Kind: kind, first: first, anchor: anchor}
	n.Span = Span{p.f.toks[first].start, p.f.toks[max(p.i-1, first)].end}
	for _, o := range operands {
		if o != nil {
			n.Operands = append(n.Operands, o)
		}
	}
	return n
}

// expr reads an expression whose operators bind at least as tightly as least.
func (p *parser) expr(least int) *Node {
	if p.depth++; p.depth > maxDepth {
		p.i = p.hi
		return nil
	}
	defer func() { p.depth-- }()
	first := p.i
	left := p.unary()
	if left == nil {
		return nil
	}
	for p.i < p.hi {
		op := p.text()
		table := precC
		if p.f.rust {
			table = precRust
		}
		prec, ok := table[op]
		if !ok || prec < least {
			break
		}
		at := p.i
		p.i++
		switch {
		case op == "?":
			then := p.expr(precComma)
			if p.is(":") {
				p.i++
			}
			left = p.node(Conditional, first, first, left, then, p.expr(precCond))
		case op == "as":
			p.rustType()
			left = p.node(Cast, first, at, left)
		case prec == precAssign:
			left = p.node2(Assign, op, first, at, left, p.expr(precAssign))
		default:
			left = p.node2(Binary, op, first, at, left, p.expr(prec+1))
		}
	}
	return left
}

func (p *parser) node2(kind NodeKind, op string, first, anchor int, operands ...*Node) *Node {
	n := p.node(kind, first, anchor, operands...)
	n.Operator = op
	return n
}

func (p *parser) unary() *Node {
	if p.i >= p.hi {
		return nil
	}
	first := p.i
	switch op := p.text(); op {
	case "*", "&", "-", "+", "!", "~", "++", "--", "&&":
		p.i++
		if p.f.rust && (p.is("mut") || p.is("raw")) {
			p.i++
		}
		if p.depth++; p.depth > maxDepth {
			p.i = p.hi
			return nil
		}
		n := p.unary()
		p.depth--
		if n == nil {
			return nil
		}
		return p.node2(Unary, op, first, first, n)
	case "sizeof", "_Alignof", "__alignof__", "__extension__", "__real__", "__imag__":
		if p.f.rust {
			break
		}
		p.i++
		if op != "__extension__" && p.is("(") { // sizeof(type) is no cast
			return p.node2(Unary, op, first, first, p.postfix(p.primary()))
		}
		return p.node2(Unary, op, first, first, p.unary())
	case "(":
		if !p.f.rust && p.isCast() {
			p.i = p.f.after(p.i, p.hi)
			if p.depth++; p.depth > maxDepth {
				p.i = p.hi
				return nil
			}
			n := p.unary()
			p.depth--
			return p.node(Cast, first, first, n)
		}
	case "|", "||":
		if p.f.rust {
			return p.closure()
		}
	case "return", "break", "continue":
		if p.f.rust {
			p.i++
			return p.node2(Unary, op, first, first, p.expr(precAssign))
		}
	}
	return p.postfix(p.primary())
}

func (p *parser) primary() *Node {
	f := p.f
	first := p.i
	if first >= p.hi {
		return nil
	}
	t := f.toks[first]
	switch {
	case t.kind == number || t.kind == str || t.kind == char || t.kind == lifetime:
		for p.i++; t.kind == str && p.i < p.hi && f.toks[p.i].kind == str; p.i++ {
		}
		return p.node(Literal, first, first)
	case t.kind == ident:
		if f.rust {
			switch f.word(first) {
			case "if", "match", "loop", "while", "for", "unsafe":
				return p.rustBlock()
			case "move":
				p.i++
				return p.closure()
			case "else", "let", "in":
				return nil
			}
			p.i++
			p.rustPath()
		} else {
			p.i++
		}
		return p.node(Name, first, first)
	case f.is(first, "(") || f.is(first, "["):
		p.i = f.after(first, p.hi)
		hi := p.i
		if t.match > first {
			hi = p.i - 1
		}
		if f.is(first+1, "{") && first+1 < hi { // a statement expression
			n := p.node(Block, first, first)
			p.block(n, first+1)
			return n
		}
		inner := f.nodes(first+1, hi, p.depth+1)
		return p.node(Group, first, first, inner...)
	case f.is(first, "{"):
		p.i = f.after(first, p.hi)
		hi := p.i
		if t.match > first {
			hi = p.i - 1
		}
		if f.rust {
			n := p.node(Block, first, first)
			p.block(n, first)
			return n
		}
		return p.node(List, first, first, f.list(first+1, hi, p.depth+1)...)
	}
	return nil
}

// block puts the statements of the block that opens at a token into a node.
func (p *parser) block(n *Node, open int) {
	hi := p.f.after(open, p.hi)
	if p.f.toks[open].match > open {
		hi--
	}
	n.stmts = p.f.block(open+1, hi, nil, p.depth+1)
}

// list reads the parts of { .a = 1, [2] = x }.
func (f *File) list(lo, hi, depth int) []*Node {
	var out []*Node
	for lo < hi {
		end := lo
		for end < hi && !f.is(end, ",") {
			end = f.after(end, hi)
		}
		at := lo
		for i := lo; i < end; i = f.after(i, end) {
			if f.is(i, "=") {
				at = i + 1
				break
			}
		}
		out = append(out, f.nodes(at, end, depth)...)
		lo = end + 1
	}
	return out
}

func (p *parser) postfix(n *Node) *Node {
	f := p.f
	for n != nil && p.i < p.hi {
		at := p.i
		switch {
		case f.is(at, "(") && n.Kind != Literal:
			n = p.call(n)
		case f.is(at, "["):
			p.i = f.after(at, p.hi)
			n = p.node(Index, n.first, n.first, append([]*Node{n}, f.nodes(at+1, p.inner(at), p.depth+1)...)...)
		case f.is(at, ".") || f.is(at, "->"):
			p.i++
			if p.i >= p.hi || f.toks[p.i].kind != ident && f.toks[p.i].kind != number {
				return n
			}
			member := p.i
			p.i++
			if f.rust {
				p.rustPath()
			}
			n = p.node2(Member, string(f.text[f.toks[member].start:f.toks[member].end]), n.first, member, n)
		case f.is(at, "++") || f.is(at, "--") || f.rust && f.is(at, "?"):
			op := p.text()
			p.i++
			n = p.node2(Postfix, op, n.first, at, n)
		case f.rust && f.is(at, "!") && n.Kind == Name && p.macro():
			p.i++
			n = p.call(n)
		case f.rust && f.is(at, "{") && n.Kind == Name:
			p.i = f.after(at, p.hi)
			n = p.node(List, n.first, n.first, f.list(at+1, p.inner(at), p.depth+1)...)
		default:
			return n
		}
	}
	return n
}

// inner is where the inside of the bracket at a token ends, p.i being behind it.
func (p *parser) inner(open int) int {
	if p.f.toks[open].match > open {
		return max(p.i-1, open+1)
	}
	return p.i
}

// macro says whether the `!` here is one of a macro call of Rust.
func (p *parser) macro() bool {
	n := p.i + 1
	return n < p.hi && (p.f.is(n, "(") || p.f.is(n, "[") || p.f.is(n, "{"))
}

func (p *parser) call(callee *Node) *Node {
	f := p.f
	open := p.i
	p.i = f.after(open, p.hi)
	hi := p.inner(open)
	operands := []*Node{callee}
	for lo := open + 1; lo < hi; {
		end := lo
		for end < hi && !f.is(end, ",") {
			end = f.after(end, hi)
		}
		operands = append(operands, f.argument(lo, end, p.depth+1))
		lo = end + 1
	}
	return p.node(Call, callee.first, callee.first, operands...)
}

// argument is what stands between two commas of a call, whatever it is: macros
// take types, `struct task_struct *`. Arguments keep their numbers that way.
func (f *File) argument(lo, hi, depth int) *Node {
	parts := f.nodes(lo, hi, depth)
	if len(parts) == 1 {
		return parts[0]
	}
	n := &Node{Kind: Group, Span: Span{f.toks[lo].start, f.toks[lo].start}, first: lo, anchor: lo, Operands: parts}
	if hi > lo {
		n.End = f.toks[hi-1].end
	}
	return n
}
