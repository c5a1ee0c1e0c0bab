package main

import (
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/check"
)

// explainCompiler explains the errors of a compiler's BPF back end in what it has
// said, as check.Compiler does.
func explainCompiler(said, dir, main string, text diag.Text) string {
	var b strings.Builder
	text.Compiler = "error"
	for _, p := range check.Compiler(said, dir, main, text.Sources) {
		if p.Diagnostic == nil {
			b.WriteString(p.Text)
		} else {
			b.WriteString(text.Render(*p.Diagnostic))
		}
	}
	return b.String()
}
