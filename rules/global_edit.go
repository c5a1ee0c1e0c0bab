package rules

import (
	"regexp"
	"slices"
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/sourcetext"
)

// tagEdit leaves the one tag of a parameter that says what the pointer is, or none.
func (c *Case) tagEdit(s *signature, none bool) (edits []diag.Edit) {
	e, ok := c.functionEditor(s.fn)
	if !ok || s.param == "" {
		return nil
	}
	head := e.text[e.function.Start:e.function.Body.Start]
	m := regexp.MustCompile(`[(,]([^(),]*\b` + regexp.QuoteMeta(s.param) + `\b[^(),]*)[,)]`).FindStringSubmatchIndex(head)
	if m == nil {
		return nil
	}
	param := head[m[2]:m[3]]
	var tags []string
	all := regexp.MustCompile(`\s*\b__arg_(\w+)\b`).FindAllStringSubmatchIndex(param, -1)
	for _, t := range all {
		tags = append(tags, param[t[2]:t[3]])
	}
	keep := ""
	for _, k := range []string{"ctx", "arena", "untrusted", "trusted"} {
		if keep == "" && slices.Contains(tags, k) && !none {
			keep = k
		}
	}
	if keep == "" && !none {
		return nil
	}
	for i, t := range all {
		if tags[i] == keep || keep == "trusted" && tags[i] == "nullable" {
			continue
		}
		from := e.function.Start + m[2]
		edits = append(edits, e.replace(sourcetext.Span{Start: from + t[0], End: from + t[1]}, ""))
	}
	return edits
}

// contextTypeEdit declares a parameter as a pointer to the context: of the type
// that is wanted where the function looks into it.
func (c *Case) contextTypeEdit(s *signature, want string) []diag.Edit {
	e, ok := c.functionEditor(s.fn)
	if !ok || s.param == "" {
		return nil
	}
	typ := "void *"
	if strings.Contains(e.text[e.function.Body.Start:e.function.Body.End], s.param+"->") {
		if typ = want; !strings.HasSuffix(typ, "*") {
			typ += " *"
		}
	}
	return e.inHead(`[(,]\s*((?:const\s+)?(?:struct\s+)?\w+\s*\*\s*)`+regexp.QuoteMeta(s.param)+`\b`, typ)
}

// withoutMember takes a program out of the structure that a member is set in.
func (c *Case) withoutMember(member string) []diag.Edit {
	l, s, ok := c.findText(`(\.`+regexp.QuoteMeta(member)+`\s*=\s*\(void \*\)\s*\w+\s*,?)`, sourcetext.Span{})
	if !ok {
		return nil
	}
	f := c.files[l.File]
	e := editor{c: c, name: l.File, file: f.File, text: f.text}
	return []diag.Edit{e.replace(e.lines(s), "")}
}
