package rules

import (
	"regexp"
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/sourcetext"
)

// knows says whether the statement that releases can stand at the exit: it is
// known, and what it names was made in the same function.
func (l *leaving) knows(h held) bool {
	return h.release != "" && h.Acquired >= 0 && l.c.oneFunction(l.c.last, h.Acquired)
}

// edits put the release in front of the way out that the path took (r, nil when
// not known) or, if the function never releases, in front of all that need it.
func (l *leaving) edits(h held, r *wayOut) []diag.Edit {
	if !l.knows(h) || len(l.steps) == 0 {
		return nil
	}
	all := l.returns()
	for i := range all { // the compiler leaves a check out that nothing depends on
		all[i].null = all[i].null || l.ifNull(all[i].branch, h.name)
	}
	if r != nil && l.ifNull(r.branch, h.name) {
		return nil
	}
	ways := make([]*wayOut, 0, len(all))
	if len(l.gives(h, l.steps[0].at, l.function.Body.End)) > 0 {
		if r == nil || l.released(h, r) {
			return nil
		}
		ways = append(ways, r)
	} else {
		for i := range all {
			if all[i].stmt.Kind != sourcetext.ReturnStmt {
				return nil
			}
			if !all[i].null {
				ways = append(ways, &all[i])
			}
		}
	}
	var edits []diag.Edit
	for _, w := range ways {
		statement := h.release
		if h.maybeNull && !l.notNull(all, w) {
			statement = "if (" + h.name + ")\n\t" + statement
		}
		// What is returned may be read from what is released.
		if len(ways) > 4 || h.name != "" && hasWord(l.text[w.stmt.Start:w.stmt.End], h.name) {
			return nil
		}
		e := l.before(w.stmt, statement)
		if e == nil {
			return nil
		}
		edits = append(edits, e...)
	}
	return edits
}

// atEnd puts the release at the end of a function that returns nothing and never
// releases.
func (l *leaving) atEnd(h held) []diag.Edit {
	end := l.function.Body.End - 1
	if !l.knows(h) || len(l.steps) == 0 || len(l.gives(h, l.steps[0].at, end)) > 0 || strings.TrimSpace(l.text[strings.LastIndexByte(l.text[:end], '\n')+1:end]) != "" {
		return nil
	}
	indent := l.file.Indent(end) + "\t"
	if list := l.file.Statements(l.function); len(list) > 0 {
		indent = l.file.Indent(list[len(list)-1].Start)
	}
	release := h.release
	if h.maybeNull {
		checked := false
		for _, r := range l.returns() {
			checked = checked || l.ifNull(r.branch, h.name)
		}
		if !checked {
			release = "if (" + h.name + ") " + release
		}
	}
	start := end - len(l.file.Indent(end))
	return []diag.Edit{l.insert(start, indent+release+"\n")}
}

// certain says how certain it is that what is held has to be given back by just
// these edits: the path tells the way out, or there is none that does. What was
// reserved in a ring buffer, and is never submitted, may have been meant to be.
func (l *leaving) certain(h held, r *wayOut) diag.Applicability {
	given := len(l.steps) > 0 && len(l.gives(h, l.steps[0].at, l.function.Body.End)) > 0
	switch {
	case strings.HasPrefix(h.fn, "bpf_ringbuf_") && !given:
		return diag.Likely
	case given && (r == nil || r.taken != taken):
		return diag.Likely
	}
	return diag.Safe
}

// ifNull says whether an if asks for a variable being NULL.
func (l *leaving) ifNull(branch *sourcetext.Stmt, name string) bool {
	if branch == nil || name == "" || len(branch.Exprs) != 1 {
		return false
	}
	e := branch.Exprs[0]
	switch {
	case e.Kind == sourcetext.Unary && e.Operator == "!" && len(e.Operands) == 1:
		return l.file.Text(e.Operands[0].Span) == name
	case e.Kind == sourcetext.Binary && e.Operator == "==" && len(e.Operands) == 2:
		right := l.file.Text(e.Operands[1].Span)
		return l.file.Text(e.Operands[0].Span) == name && (right == "NULL" || right == "0")
	}
	return false
}

// hasWord says whether a text has a name as a word.
func hasWord(text, name string) bool {
	return regexp.MustCompile(`\b` + regexp.QuoteMeta(name) + `\b`).MatchString(text)
}

// notNull says whether what is held was compared with NULL on all ways to w.
func (l *leaving) notNull(all []wayOut, w *wayOut) bool {
	for i := range all {
		if all[i].null && all[i].stmt.Start < w.stmt.Start {
			return true
		}
	}
	return w.branch != nil && l.nullBranch(w.branch)
}

// gives finds calls that give something back, in the text between two places.
func (l *leaving) gives(h held, from, to int) []int {
	if h.fn == "" || from >= to || to > len(l.text) {
		return nil
	}
	names := []string{h.fn}
	switch h.fn {
	case "bpf_ringbuf_discard", "bpf_ringbuf_discard_dynptr":
		names = append(names, strings.Replace(h.fn, "discard", "submit", 1))
	case "bpf_cgroup_release", "bpf_task_release", "bpf_obj_drop", "bpf_cpumask_release":
		names = append(names, "bpf_kptr_xchg")
	}
	call := `\b(` + strings.Join(names, "|") + `)\s*\(`
	if h.name != "" {
		call += `[^;]*\b` + regexp.QuoteMeta(h.name) + `\b`
	}
	var all []int
	for _, m := range regexp.MustCompile(call).FindAllStringIndex(l.text[from:to], -1) {
		all = append(all, from+m[0])
	}
	return all
}

// released says whether some other way to the same return gives back what is
// held, so that doing it in front of that return would do it twice.
func (l *leaving) released(h held, r *wayOut) bool {
	begin := l.function.Body.Start
	if len(l.steps) > 0 {
		begin = l.steps[0].at
	}
	if r.branch != nil {
		begin = r.branch.Head.End
	}
	for _, at := range l.gives(h, begin, r.stmt.Start) {
		if !l.leavesBehind(at, r) {
			return true
		}
	}
	return false
}

// leavesBehind says whether the function is left behind a place before it comes to r.
func (l *leaving) leavesBehind(at int, r *wayOut) bool {
	line, column := l.file.Position(at)
	p, ok := l.file.At(line, column)
	if !ok || p.Stmt == nil || p.Stmt.Parent == nil {
		return false
	}
	body := p.Stmt.Parent.Body
	end := body[len(body)-1]
	return end.Kind == sourcetext.ReturnStmt && end.Start > at && end != r.stmt
}

// unreleasedBranch is an if of the function's outermost level whose only branch
// gives back what is held, and that the path passed.
func (l *leaving) unreleasedBranch(h held) *sourcetext.Stmt {
	if !l.knows(h) {
		return nil
	}
	for _, at := range l.gives(h, l.steps[0].at, l.function.Body.End) {
		line, column := l.file.Position(at)
		p, ok := l.file.At(line, column)
		if !ok || p.Stmt == nil || p.Stmt.Parent == nil {
			continue
		}
		b := p.Stmt.Parent
		if b.Kind != sourcetext.IfStmt || b.Parent != nil || strings.Contains(l.text[b.Head.End:b.End], "else") || strings.Contains(l.text[at:b.End], "return") {
			continue
		}
		if v := l.took(wayOut{stmt: p.Stmt, branch: b}); v == passed || v == perhaps && l.straight(b) {
			return b
		}
	}
	return nil
}

// straight says whether no way leads out of the function but those in front of
// a branch and the last, and that the path came to the branch but not into it.
func (l *leaving) straight(b *sourcetext.Stmt) bool {
	came := false
	for _, v := range l.steps {
		switch {
		case v.at >= b.Head.Start && v.at < b.Head.End:
			came = true
		case v.at >= b.Head.End && v.at < b.End:
			return false
		}
	}
	return came
}

// otherwise is the edit that gives back in the else branch of an if without one.
func (l *leaving) otherwise(b *sourcetext.Stmt, h held) diag.Edit {
	indent := l.file.Indent(b.Start)
	text := " else {\n" + indent + l.level(b) + h.release + "\n" + indent + "}"
	if !strings.HasSuffix(l.text[b.Start:b.End], "}") {
		text = "\n" + indent + "else\n" + indent + l.level(b) + h.release
	}
	return l.replace(sourcetext.Span{Start: b.End, End: b.End}, text)
}
