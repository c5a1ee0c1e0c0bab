package main

import (
	"path/filepath"
	"slices"
	"strings"
)

// call is a printer's call before its format is resolved.
type call struct {
	printer string
	line    int
	// guarded: between the call before and this one the control flow may part,
	// so that this one's text follows on some ways only.
	guarded bool
	// apart: the function is left behind the call before.
	apart   bool
	formats []string // alternatives; empty if they could not be found
	args    [][]token
}

// reader resolves the formats of one source file.
type reader struct {
	file      string
	functions []function
	macros    map[string]string // of strings
	calls     map[string][][][]token
}

func readSource(series, file, text string) []Site {
	tokens, directives := lex(text)
	r := reader{file: file, macros: stringMacros(directives), calls: map[string][][][]token{}}
	r.functions = splitFunctions(tokens)
	for _, f := range r.functions {
		r.collect(f)
	}
	var sites []Site
	for _, f := range r.functions {
		if _, own := printers[f.name]; own {
			continue
		}
		for _, m := range join(r.printed(f)) {
			sites = append(sites, Site{Series: series, File: file, Function: f.name, Line: m.line,
				Printer: m.printer, Message: m.formats[0]})
		}
	}
	for _, d := range directives {
		sites = append(sites, macroSites(series, file, d)...)
	}
	return sites
}

// stringMacros are those that stand for a string: #define X "text".
func stringMacros(directives []token) map[string]string {
	macros := map[string]string{
		"PRIu64": "llu", "PRIx64": "llx", "PRId64": "lld",
	}
	for _, d := range directives {
		body, ok := strings.CutPrefix(strings.TrimLeft(d.text, "# \t"), "define")
		if !ok {
			continue
		}
		tokens, _ := lex(body)
		if len(tokens) >= 2 && tokens[0].kind == identToken && tokens[1].kind == stringToken {
			macros[tokens[0].text] = concat(tokens[1:])
		}
	}
	return macros
}

// macroSites finds the messages in a function-like macro.
func macroSites(series, file string, d token) []Site {
	body, ok := strings.CutPrefix(strings.TrimLeft(d.text, "# \t"), "define")
	if !ok {
		return nil
	}
	tokens, _ := lex(strings.ReplaceAll(body, "\\\n", " "))
	if len(tokens) == 0 {
		return nil
	}
	if _, own := printers[tokens[0].text]; own {
		return nil
	}
	r := reader{file: file, macros: map[string]string{}}
	var sites []Site
	for _, m := range join(r.printed(function{name: tokens[0].text, body: tokens[1:]})) {
		sites = append(sites, Site{Series: series, File: file, Function: tokens[0].text, Line: d.line,
			Printer: m.printer, Message: m.formats[0]})
	}
	return sites
}

func concat(tokens []token) string {
	var text strings.Builder
	for _, t := range tokens {
		if t.kind == stringToken {
			text.WriteString(t.text)
		}
	}
	return text.String()
}

// collect remembers the arguments of all calls, by which a format that is a
// parameter is found.
func (r *reader) collect(f function) {
	for i := 0; i+1 < len(f.body); i++ {
		if f.body[i].kind == identToken && f.body[i+1].is("(") {
			end := matching(f.body, i+1)
			r.calls[f.body[i].text] = append(r.calls[f.body[i].text], split(f.body[i+2:end]))
		}
	}
}

// printed finds the printers' calls of a function, in the source's order.
func (r *reader) printed(f function) []call {
	var calls []call
	depth, last := 0, 0 // of braces: here, at the call before
	guarded, apart := false, false
	for i := 0; i < len(f.body); i++ {
		t := f.body[i]
		switch {
		case t.is("{"):
			depth++
		case t.is("}"):
			depth--
		case t.kind != identToken:
		case slices.Contains([]string{"return", "goto", "break", "continue"}, t.text):
			guarded, apart = true, apart || depth <= last
		case slices.Contains([]string{"if", "for", "while", "else", "case", "switch"}, t.text):
			guarded = true
		case stateful[t.text]:
			if i+1 < len(f.body) && f.body[i+1].is("(") && len(calls) > 0 {
				c := call{printer: t.text, line: t.line, guarded: guarded, apart: apart, formats: []string{"%s\n"}}
				calls, guarded, apart, last = append(calls, c), false, false, depth
			}
		default:
			at, ok := printers[t.text]
			if !ok || i+1 >= len(f.body) || !f.body[i+1].is("(") || libbpfs[t.text] && filepath.Base(r.file) != "relo_core.c" {
				break
			}
			end := matching(f.body, i+1)
			args := split(f.body[i+2 : end])
			if at < 0 || at >= len(args) {
				break
			}
			c := call{printer: t.text, line: t.line, guarded: guarded, apart: apart, args: args[at+1:]}
			if len(args[at]) == 1 && args[at][0].text == "NULL" { // only what the printer adds
				c.formats = []string{""}
			}
			for _, format := range r.text(f, args[at], 0) {
				c.formats = append(c.formats, r.expand(f, format, c.args)...)
			}
			for k := range c.formats {
				c.formats[k] = framed(t.text, c.formats[k])
			}
			calls, guarded, apart, last, i = append(calls, c), false, false, depth, end
		}
	}
	return calls
}

// framed adds what the printer itself prints around its format.
func framed(printer, format string) string {
	switch printer {
	case "verifier_bug":
		return "verifier bug: " + format + "\n"
	case "verifier_bug_if":
		return "verifier bug: " + format + " (%s)\n"
	case "btf_verifier_log":
		return format + "\n"
	case "btf_verifier_log_basic", "btf_verifier_log_type":
		return "[%u] %s " + format + "\n"
	case "btf_verifier_log_member", "btf_verifier_log_vsi":
		return "\t%s " + format + "\n"
	case "verbose_linfo":
		return format + "%s @ %s:%u\n"
	}
	return format
}

// text resolves an expression to the strings that it may be: literals joined,
// both sides of a conditional, what is assigned to a variable, what callers
// pass for a parameter.
func (r *reader) text(f function, expr []token, depth int) []string {
	if depth > 3 || len(expr) == 0 {
		return nil
	}
	if q := slices.IndexFunc(expr, func(t token) bool { return t.is("?") }); q >= 0 {
		if c := elseOf(expr, q); c > q {
			return append(r.text(f, expr[q+1:c], depth+1), r.text(f, expr[c+1:], depth+1)...)
		}
	}
	if expr[0].is("(") && matching(expr, 0) == len(expr)-1 {
		return r.text(f, expr[1:len(expr)-1], depth+1)
	}
	literal, plain, quoted := "", true, false
	for _, t := range expr {
		switch m, isMacro := r.macros[t.text]; {
		case t.kind == stringToken:
			literal, quoted = literal+t.text, true
		case t.kind == identToken && isMacro:
			literal, quoted = literal+m, true
		case t.kind == identToken: // a macro's argument between strings
			literal += "%s"
		default:
			plain = false
		}
	}
	if plain && quoted {
		return []string{literal}
	}
	if len(expr) != 1 || expr[0].kind != identToken {
		return nil
	}
	var texts []string
	name := expr[0].text
	for i := 0; i+2 < len(f.body); i++ {
		if f.body[i].text == name && f.body[i].kind == identToken && f.body[i+1].is("=") && !f.body[i+2].is("=") {
			end := i + 2
			for end < len(f.body) && !f.body[end].is(";") && !f.body[end].is(",") {
				end++
			}
			texts = append(texts, r.text(f, f.body[i+2:end], depth+1)...)
		}
	}
	if p := slices.Index(f.params, name); p >= 0 {
		for _, args := range r.calls[f.name] {
			if p < len(args) {
				texts = append(texts, r.text(function{}, args[p], depth+1)...)
			}
		}
	}
	return texts
}

// elseOf is the index of the ":" that belongs to the "?" at q.
func elseOf(expr []token, q int) int {
	depth := 0
	for i := q + 1; i < len(expr); i++ {
		switch {
		case expr[i].is("?"):
			depth++
		case expr[i].is(":"):
			if depth == 0 {
				return i
			}
			depth--
		}
	}
	return -1
}
