package rules

import (
	"regexp"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/debuginfo"
	"github.com/bpfdiag/bpfdiag/internal/sourcetext"
	"github.com/bpfdiag/bpfdiag/verifierlog"
)

// skippedBranch labels the if that would have set a variable, and that the path
// did not go into.
func (c *Case) skippedBranch(d *diag.Diagnostic, v *debuginfo.Variable) {
	l, ok := c.leaving(verifierlog.Resource{Acquired: 0})
	if !ok || v == nil || v.Name == "" {
		return
	}
	set := regexp.MustCompile(`\b` + regexp.QuoteMeta(v.Name) + `\b[][.\w]*\s*=[^=]`)
	for i := len(l.steps) - 1; i >= 0; i-- {
		line, column := l.file.Position(l.steps[i].at)
		at, ok := l.file.At(line, column)
		if !ok || at.Stmt == nil || at.Stmt.Kind != sourcetext.IfStmt || !at.InHead {
			continue
		}
		for _, s := range at.Stmt.Body {
			if s.Kind != sourcetext.ExprStmt || !set.MatchString(l.file.Text(s.Span)) {
				continue
			}
			if l.took(wayOut{stmt: s, branch: at.Stmt}) == passed {
				c.markHead(d, &l, at.Stmt, "the branch that sets "+quote(v.Name)+" is not taken on this path")
				return
			}
		}
	}
}
