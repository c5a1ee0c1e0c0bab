package check

import (
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/rules"
	"github.com/bpfdiag/bpfdiag/umlinux/loader"
	"github.com/bpfdiag/bpfdiag/verifierlog"
)

// briefly says whether the last words of the verifier alone tell the code of a
// rejection.
func briefly(r *loader.Result) bool {
	sum := verifierlog.Summarize(r.Log)
	_, ok := rules.CodeOf(sum.Message)
	// What is called tells whether the kernel lacks something: Result.Lack.
	return ok && !strings.HasPrefix(sum.Message, "invalid func ")
}

// explain is a rejection's diagnostic, with its code only if that is enough.
func (ck *Checker) explain(c rules.Case) diag.Diagnostic {
	code, ok := rules.CodeOf(c.Summary.Message)
	if !ok || !ck.Options.Brief {
		return rules.Diagnose(c)
	}
	return diag.Diagnostic{Code: code.ID, Name: code.Name, Class: diag.Class(code.Class), Severity: diag.SeverityError, KernelMessage: c.Summary.Message}
}
