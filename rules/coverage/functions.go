package main

// function is one of a source file, with what it calls.
type function struct {
	name   string
	params []string
	body   []token
}

// splitFunctions finds "name(params) {" outside all braces. What a macro
// begins, such as BPF_CALL_1(x) {, counts as well.
func splitFunctions(tokens []token) []function {
	var functions []function
	for i := 0; i < len(tokens); i++ {
		switch {
		case tokens[i].is("{"):
			i = matching(tokens, i)
		case tokens[i].is("(") && i > 0 && tokens[i-1].kind == identToken:
			end := matching(tokens, i)
			if end+1 < len(tokens) && tokens[end+1].is("{") {
				close := matching(tokens, end+1)
				f := function{name: tokens[i-1].text, body: tokens[end+2 : min(close, len(tokens))]}
				for _, p := range split(tokens[i+1 : end]) {
					name := ""
					for _, t := range p {
						if t.kind == identToken {
							name = t.text
						}
					}
					f.params = append(f.params, name)
				}
				functions = append(functions, f)
				i = close
			} else {
				i = end
			}
		}
	}
	return functions
}

// matching is the index of the bracket that closes the one at i, or that behind
// the last token.
func matching(tokens []token, i int) int {
	depth := 0
	for ; i < len(tokens); i++ {
		switch t := tokens[i]; {
		case t.is("(") || t.is("{") || t.is("["):
			depth++
		case t.is(")") || t.is("}") || t.is("]"):
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return i
}

// split takes a call's arguments apart.
func split(tokens []token) [][]token {
	var args [][]token
	depth, from := 0, 0
	for i, t := range tokens {
		switch {
		case t.is("(") || t.is("{") || t.is("["):
			depth++
		case t.is(")") || t.is("}") || t.is("]"):
			depth--
		case t.is(",") && depth == 0:
			args, from = append(args, tokens[from:i]), i+1
		}
	}
	if from < len(tokens) {
		args = append(args, tokens[from:])
	}
	return args
}
