package check

import (
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/rules"
	"github.com/bpfdiag/bpfdiag/rules/messages"
	"github.com/bpfdiag/bpfdiag/umlinux/loader"
	"github.com/bpfdiag/bpfdiag/verifierlog"
)

// briefly says whether the last words of the verifier alone tell the code of a
// rejection.
func briefly(r *loader.Result) bool {
	sum := verifierlog.Summarize(r.Log)
	_, ok := briefCode(sum.Message)
	return ok
}

// briefCode is the code of a complaint, if it needs no path.
func briefCode(message string) (messages.Code, bool) {
	switch {
	case strings.Contains(message, "\n"): // of warnings from before the path, which are in front of it
		return messages.Code{}, false
	case strings.HasPrefix(message, "invalid func "): // what is called tells whether the kernel lacks something: Result.Lack
		return messages.Code{}, false
	}
	return rules.CodeOf(message)
}

// explain is a rejection's diagnostic, with its code only if that is enough.
func (ck *Checker) explain(c rules.Case) diag.Diagnostic {
	code, ok := briefCode(c.Summary.Message)
	if !ok || !ck.Options.Brief {
		return rules.Diagnose(c)
	}
	return diag.Diagnostic{Code: code.ID, Name: code.Name, Class: diag.Class(code.Class), Severity: diag.SeverityError, KernelMessage: c.Summary.Message}
}
