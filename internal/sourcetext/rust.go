package sourcetext

// rustPath reads `::name` and `::<types>` behind a name.
func (p *parser) rustPath() {
	for p.is("::") {
		p.i++
		if p.is("<") {
			p.angles()
			continue
		}
		if p.i < p.hi && p.f.toks[p.i].kind == ident {
			p.i++
		}
	}
}

// angles skips `<...>`.
func (p *parser) angles() {
	depth := 0
	for p.i < p.hi {
		switch p.text() {
		case "<":
			depth++
		case ">":
			depth--
		case ">>":
			depth -= 2
		case ";", "{":
			return
		}
		p.i = p.f.after(p.i, p.hi)
		if depth <= 0 {
			return
		}
	}
}

// rustType skips a type, as it stands behind `as`.
func (p *parser) rustType() {
	for p.i < p.hi {
		switch t := p.text(); {
		case t == "*" || t == "&" || t == "const" || t == "mut":
			p.i++
		case t == "(" || t == "[":
			p.i = p.f.after(p.i, p.hi)
			return
		case p.f.toks[p.i].kind == ident:
			p.i++
			p.rustPath()
			if p.is("<") {
				p.angles()
			}
			return
		default:
			return
		}
	}
}

// closure reads `|a, b| body`.
func (p *parser) closure() *Node {
	first := p.i
	if p.is("||") {
		p.i++
	} else if p.is("|") {
		for p.i++; p.i < p.hi && !p.is("|"); {
			p.i = p.f.after(p.i, p.hi)
		}
		if p.i < p.hi {
			p.i++
		}
	}
	if p.i == first || p.i >= p.hi {
		return nil
	}
	return p.node(Group, first, first, p.expr(precAssign))
}

// rustBlock reads if, match and the like where a value is expected.
func (p *parser) rustBlock() *Node {
	first := p.i
	s, next := p.f.statement(first, p.hi, nil, p.depth+1)
	if next <= first {
		return nil
	}
	p.i = next
	n := p.node(Block, first, first)
	n.stmts = []*Stmt{s}
	return n
}
