package rules

import (
	"regexp"
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/sourcetext"
	"github.com/bpfdiag/bpfdiag/verifierlog"
)

// skipped labels the latest if that has a statement with a certain text in its
// branch, and that the path passed without going into the branch.
func (c *Case) skipped(d *diag.Diagnostic, statement *regexp.Regexp, text string) {
	l, ok := c.leaving(verifierlog.Resource{Acquired: 0})
	if !ok {
		return
	}
	if p, ok := c.place(c.Path.Insn(c.last)); ok && p.File == l.name {
		if off, ok := l.file.Offset(p.Line, p.Column); ok {
			l.steps = append(l.steps, visit{c.last, off})
		}
	}
	for i := len(l.steps) - 1; i >= 0; i-- {
		line, column := l.file.Position(l.steps[i].at)
		at, ok := l.file.At(line, column)
		if !ok || at.Stmt == nil || at.Stmt.Kind != sourcetext.IfStmt || !at.InHead {
			continue
		}
		for _, s := range at.Stmt.Body {
			if s.Kind != sourcetext.ExprStmt || !statement.MatchString(l.file.Text(s.Span)) {
				continue
			}
			if l.took(wayOut{stmt: s, branch: at.Stmt}) == passed {
				c.markHead(d, &l, at.Stmt, text)
				return
			}
		}
	}
}

// skippedMaking labels the if that would have made the dynptr or iterator that
// argument n is the address of.
func (c *Case) skippedMaking(d *diag.Diagnostic, n int) {
	arg := c.sourceCall(c.last).arg(n)
	if !strings.HasPrefix(arg, "&") {
		return
	}
	c.skipped(d, regexp.MustCompile(`\w\s*\([^;]*`+regexp.QuoteMeta(arg)+`\b`), "the branch that makes "+quote(strings.TrimPrefix(arg, "&"))+" is not taken on this path")
}
