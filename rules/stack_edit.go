package rules

import (
	"regexp"
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/debuginfo"
	"github.com/bpfdiag/bpfdiag/internal/lazyregexp"
	"github.com/bpfdiag/bpfdiag/internal/sourcetext"
)

// perCPU makes the edits that move a variable from the stack into the value of
// a per-CPU array map: the map, the look-up in place of the declaration, and the
// uses, which are of a pointer then. ok is false where a use is not understood.
func (c *Case) perCPU(v *stackVariable) (h diag.Help, ok bool) {
	f := v.file
	name, buffer := v.Name, v.Name+"_buffer"
	typ := strings.TrimSpace(f.text[v.stmt.Start:v.span.Start])
	array := strings.TrimPrefix(f.text[v.span.Start:v.span.End], name)
	array = strings.TrimSpace(array)
	aggregate := v.Type != nil && (v.Type.Underlying().Kind == debuginfo.Struct || v.Type.Underlying().Kind == debuginfo.Union)
	switch {
	case len(v.stmt.Exprs) != 1, v.stmt.Bare, strings.Contains(f.text, buffer), strings.Contains(typ, "static"):
		return h, false
	case array == "" && (!aggregate || strings.Contains(typ, "*")):
		return h, false
	case array != "" && strings.TrimSpace(strings.Trim(array, "[]")) == "": // `text[] = "..."`
		return h, false
	}
	value, pointer := typ+array, typ+" *"+name
	whole := "*" + name
	if array != "" {
		whole = value
		_, inner, _ := strings.Cut(array, "]")
		if strings.HasSuffix(typ, "*") {
			pointer = typ + "*" + name
		}
		if inner = strings.TrimSpace(inner); inner != "" {
			pointer = typ + " (*" + name + ")" + inner
		}
	}
	begin, understood := v.initial(whole)
	edits, all := v.uses(array != "", whole)
	if !understood || !all {
		return h, false
	}
	indent := f.Indent(v.stmt.Start)
	step := "\t"
	if !strings.Contains(indent, "\t") && indent != "" {
		step = strings.Repeat(" ", c.indentWidth(f.File, indent, v.function))
	}
	leave, how := c.leaveFunction(v)
	text := pointer + " = bpf_map_lookup_elem(&" + buffer + ", &(__u32){ 0 });\n\n" +
		indent + "if (!" + name + ")\n" + indent + step + leave
	for _, s := range begin {
		text += "\n" + indent + s
	}
	definition := "struct {\n" + step + "__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);\n" + step + "__uint(max_entries, 1);\n" +
		step + "__type(key, __u32);\n" + step + "__type(value, " + value + ");\n} " + buffer + " SEC(\".maps\");\n\n"
	at := v.paragraph()
	edits = append([]diag.Edit{editOf(v.name, f.Position, at, at, definition), editOf(v.name, f.Position, v.stmt.Start, v.stmt.End, text)}, edits...)
	return diag.Help{Text: "keep " + quote(name) + " in a per-CPU map instead of on the stack", Applicability: weaker(how, diag.Likely), Edits: edits}, true
}

// paragraph is where the function that declares the variable begins, with the
// comment in front of it.
func (v *stackVariable) paragraph() int {
	text := v.file.text
	at := strings.LastIndexByte(text[:v.function.Start], '\n') + 1
	for at > 1 && text[at-2] != '\n' {
		before := strings.LastIndexByte(text[:at-1], '\n') + 1
		line := strings.TrimSpace(text[before : at-1])
		if !strings.HasPrefix(line, "/") && !strings.HasPrefix(line, "*") {
			break
		}
		at = before
	}
	return at
}

var (
	designated = lazyregexp.New(`(?s)^\.(\w[\w.]*)\s*=\s*(.+)$`)
	notCode    = lazyregexp.New(`"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|//[^\n]*|(?s:/\*.*?\*/)`)
)

// initial are the statements in place of the declaration's initial value.
func (v *stackVariable) initial(whole string) (lines []string, ok bool) {
	if len(v.node.Operands) == 0 {
		return nil, true
	}
	list := v.node.Operands[0]
	if list.Kind != sourcetext.List {
		return nil, false
	}
	lines = []string{"__builtin_memset(" + v.Name + ", 0, sizeof(" + whole + "));"}
	text := strings.Trim(v.file.Text(list.Span), "{} \t\r\n")
	if text == "" || text == "0" {
		return lines, true
	}
	for _, part := range parted(text) {
		m := designated.FindStringSubmatch(part)
		if m == nil || strings.HasPrefix(whole, v.Name) || m[2][0] == '{' {
			return nil, false
		}
		lines = append(lines, v.Name+"->"+m[1]+" = "+m[2]+";")
	}
	return lines, true
}

// parted cuts a list at its commas, those in brackets excepted.
func parted(text string) (parts []string) {
	depth, from := 0, 0
	code := notCode.ReplaceAllStringFunc(text, func(s string) string { return strings.Repeat(" ", len(s)) })
	for i := 0; i <= len(code); i++ {
		switch {
		case i == len(code), code[i] == ',' && depth == 0:
			if p := strings.TrimSpace(text[from:i]); p != "" {
				parts = append(parts, p)
			}
			from = i + 1
		case strings.IndexByte("([{", code[i]) >= 0:
			depth++
		case strings.IndexByte(")]}", code[i]) >= 0:
			depth--
		}
	}
	return parts
}

var (
	sizeofBefore  = lazyregexp.New(`\bsizeof\s*\(\s*$`)
	addressBefore = lazyregexp.New(`(?:[(,=?:{;!|]|&&|\breturn)\s*(&\s*)$`)
	memberBefore  = lazyregexp.New(`(?:\.|->)\s*$`)
	wordBefore    = lazyregexp.New(`(?:\bARRAY_SIZE\s*\(|\b(?:struct|union|enum)\s)\s*$`)
)

// uses edits what refers to the variable behind its declaration, now a pointer.
func (v *stackVariable) uses(array bool, whole string) (edits []diag.Edit, ok bool) {
	text := v.file.text
	end := min(v.function.Body.End, len(text))
	if p := v.stmt.Parent; p != nil {
		end = min(p.End, end)
	}
	code := notCode.ReplaceAllStringFunc(text[v.stmt.End:end], func(s string) string { return strings.Repeat(" ", len(s)) })
	for _, m := range regexp.MustCompile(`\b`+regexp.QuoteMeta(v.Name)+`\b`).FindAllStringIndex(code, -1) {
		before, behind := code[:m[0]], code[m[1]:]
		from, to := v.stmt.End+m[0], v.stmt.End+m[1]
		put := func(from, to int, s string) {
			edits = append(edits, editOf(v.name, v.file.Position, from, to, s))
		}
		address := addressBefore.FindStringSubmatch(before)
		switch {
		case memberBefore.MatchString(before):
		case wordBefore.MatchString(before):
			return nil, false
		case sizeofBefore.MatchString(before) && strings.HasPrefix(strings.TrimSpace(behind), ")"):
			put(from, to, whole)
		case array:
			if address != nil && !strings.HasPrefix(strings.TrimSpace(behind), "[") {
				return nil, false
			}
		case strings.HasPrefix(behind, "."):
			put(to, to+1, "->")
		case address != nil:
			put(from-len(address[1]), from, "")
		default:
			put(from, to, whole)
		}
	}
	return edits, true
}

// leaveFunction ends the function that declares the variable.
func (c *Case) leaveFunction(v *stackVariable) (stmt string, how diag.Applicability) {
	for i := range v.fn.Insns {
		insn := c.insnOf(v.fn, i)
		if p, ok := c.place(insn); ok && p.Function == v.Function {
			return c.leave(insn)
		}
	}
	return "return 0;", diag.Placeholder
}
