package check

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/compile"
	"github.com/bpfdiag/bpfdiag/rules"
)

// Said is a piece of what a compiler has said: its words, or a diagnostic in
// their place.
type Said struct {
	Text       string
	Diagnostic *diag.Diagnostic // nil for what stays as it was
}

// Compiler puts diagnostics in place of those errors that are of a compiler's
// BPF back end, and leaves everything else that it has said as it was. Dir is the
// folder that it ran in, empty for this process's; main is the source that it
// compiled, empty if that is not known.
func Compiler(said, dir, main string, s *diag.Sources) []Said {
	var all []Said
	explained := map[string]bool{} // causes, and functions that have one
	covered := false               // by the diagnostic before
	for _, p := range compile.Parts(said, dir) {
		m := p.Message
		switch {
		case m == nil, m.Severity == "note" && !covered, m.Severity != "note" && m.Severity != "error":
			covered = covered && m == nil
			all = append(all, Said{Text: p.Text})
			continue
		case m.Severity == "note":
			continue // of where the back end looked
		}
		if main == "" || filepath.IsAbs(m.File) && !filepath.IsAbs(main) {
			main = m.File
		}
		d, ok := rules.DiagnoseCompiler(compilerError(m, dir, main), s)
		if covered = ok; !ok {
			all = append(all, Said{Text: p.Text})
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
			all = append(all, Said{Diagnostic: &d})
		}
	}
	return all
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
