package sourcetext

// isCast says whether the parenthesis here is one of a type: what follows it
// could not follow a value, or what is in it can only be a type.
func (p *parser) isCast() bool {
	f := p.f
	end := f.toks[p.i].match
	if end <= p.i+1 || end+1 >= p.hi {
		return false
	}
	in := p.i + 1
	typeName := isTypeWord(f.word(in)) || f.is(end-1, "*")
	next := f.toks[end+1]
	switch {
	case f.toks[in].kind != ident:
		return false
	case next.kind == ident || next.kind == number || next.kind == str || next.kind == char:
		return true
	case f.is(end+1, "{"): // a compound literal
		return true
	case f.is(end+1, "(") || f.is(end+1, "~") || f.is(end+1, "!"):
		return typeName || end == in+1 && looksLikeType(f.word(in))
	case f.is(end+1, "*") || f.is(end+1, "&") || f.is(end+1, "-") || f.is(end+1, "+") || f.is(end+1, "++") || f.is(end+1, "--"):
		return typeName || end == in+1 && looksLikeType(f.word(in))
	}
	return false
}

var typeWords = map[string]bool{
	"const": true, "volatile": true, "static": true, "extern": true, "register": true, "unsigned": true, "signed": true,
	"int": true, "char": true, "short": true, "long": true, "void": true, "float": true, "double": true, "_Bool": true,
	"bool": true, "struct": true, "union": true, "enum": true, "typedef": true, "typeof": true, "__typeof__": true,
	"auto": true, "inline": true, "_Atomic": true, "__auto_type": true, "__int128": true, "_Thread_local": true,
}

func isTypeWord(s string) bool { return typeWords[s] }

// looksLikeType guesses by the habits of C: u32, __be16, size_t.
func looksLikeType(s string) bool {
	if isTypeWord(s) || len(s) > 2 && s[len(s)-2:] == "_t" {
		return true
	}
	for len(s) > 0 && s[0] == '_' {
		s = s[1:]
	}
	for _, p := range []string{"u", "s", "be", "le"} {
		if len(s) > len(p) && s[:len(p)] == p {
			switch s[len(p):] {
			case "8", "16", "32", "64":
				return true
			}
		}
	}
	return false
}
