package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/compile"
	"github.com/bpfdiag/bpfdiag/rules"
)

// explainCompiler puts diagnostics in place of those errors that are of a compiler's
// BPF back end, and leaves everything else that it has said as it was. Dir is the
// folder that it ran in, empty for this process's.
func explainCompiler(said, dir string, text diag.Text) string {
	var b strings.Builder
	explained := map[string]bool{} // causes, and functions that have one
	covered := false               // by the diagnostic before
	main := ""
	for _, p := range compile.Parts(said, dir) {
		m := p.Message
		switch {
		case m == nil, m.Severity == "note" && !covered, m.Severity != "note" && m.Severity != "error":
			covered = covered && m == nil
			b.WriteString(p.Text)
			continue
		case m.Severity == "note":
			continue // of where the back end looked
		}
		if main == "" || m.File != "" && filepath.IsAbs(m.File) {
			main = m.File
		}
		d, ok := rules.DiagnoseCompiler(compilerError(m, dir, main), text.Sources)
		if covered = ok; !ok {
			b.WriteString(p.Text)
			continue
		}
		cause := d.Code + " " + d.Function // one large frame is said of each place that reaches beyond
		if d.Code != "BPF0620" && len(d.Labels) > 0 {
			cause += fmt.Sprint(" ", d.Labels[0].Line, d.Message)
		}
		// What makes the back end give up altogether was mostly an error before.
		again := strings.Contains(m.Text, "Cannot select") && explained[d.Function]
		if !explained[cause] && !again {
			explained[cause], explained[d.Function] = true, true
			text.Compiler = "error"
			b.WriteString(text.Render(d))
		}
	}
	return b.String()
}

// compilerError is a message with its file as this process can open it. A back
// end that gives up knows the file's base name alone: main is most likely it.
func compilerError(m *compile.Message, dir, main string) rules.CompilerError {
	e := rules.CompilerError{File: m.File, Line: m.Line, Column: m.Column, Text: m.Text, Function: m.Function}
	if e.File != "" && dir != "" && !filepath.IsAbs(e.File) {
		e.File = filepath.Join(dir, e.File)
	}
	if _, err := os.Stat(e.File); err != nil && filepath.Base(main) == filepath.Base(e.File) {
		e.File = main
	}
	return e
}
