package rules

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/rules/messages"
)

// Every message of a compiler's has an explanation, with a source and without one.
func TestCompilerMessages(t *testing.T) {
	for _, p := range messages.CompilerPatterns() {
		text := messages.Sample(p.Text)
		d, ok := DiagnoseCompiler(CompilerError{Text: text}, nil)
		if !ok || d.Code != p.Code || d.Name == "" || d.Message == "" || len(d.Helps) == 0 || len(d.Labels) > 0 {
			t.Errorf("%s: %+v", text, d)
		}
		d, _ = DiagnoseCompiler(CompilerError{Text: text, File: "none.c", Line: 3, Column: 5, Function: "f"}, diag.NewSources())
		if len(d.Labels) == 0 || d.Labels[0].Line != 3 || d.Labels[0].Text == "" {
			t.Errorf("%s: %+v", text, d.Labels)
		}
		if pg, ok := PageOf(p.Code); !ok || !pg.Compiler && p.Code != "BPF0620" {
			t.Errorf("%s has no page that says that the compiler refuses it", p.Code)
		}
	}
	if _, ok := DiagnoseCompiler(CompilerError{Text: "expected ';' after return statement"}, nil); ok {
		t.Error("a syntax error is explained")
	}
}

// What is said of places in a source.
func TestCompilerPlaces(t *testing.T) {
	source := filepath.Join(t.TempDir(), "a.c")
	text := `static int mix(int a, int b, int c, int d, int e, int f)
{
	char first[10], small[70];
	char large[2][300];
	use(large, small);
	return mix(a, b, c, d, e, f);
}
`
	if err := os.WriteFile(source, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		text         string
		line, column int
		message      string
		labels       string
	}{
		{"Looks like the BPF stack limit is exceeded. Please move", 5, 2, "`mix` needs more than 512 bytes of stack",
			"5:2-5:19 this is beyond the end of the stack|4:7-4:20 takes 600 bytes"},
		{"0x55b0: i64 = GlobalAddress<ptr @mix> 0, a.c:6:9 too many arguments", 6, 9, "`mix` is called with 6 arguments, and 5 is the most",
			"6:9-6:30 called here"},
		{"stack arguments are not supported", 1, 12, "`mix` has more than 5 parameters", "1:12-1:57 arguments beyond the fifth would be on the stack"},
	} {
		d, ok := DiagnoseCompiler(CompilerError{Text: test.text, File: source, Line: test.line, Column: test.column}, diag.NewSources())
		if !ok || d.Message != test.message || d.Function != "mix" {
			t.Errorf("%s: %q in %q", test.text, d.Message, d.Function)
		}
		var labels []string
		for _, l := range d.Labels {
			labels = append(labels, spanOf(l)+" "+l.Text)
		}
		if got := strings.Join(labels, "|"); got != test.labels {
			t.Errorf("%s: labels %s", test.text, got)
		}
		if n := strings.Join(d.Notes, "|"); strings.Contains(n, "0x") {
			t.Errorf("addresses: %s", n)
		}
	}
}

func spanOf(l diag.Label) string {
	return fmt.Sprintf("%d:%d-%d:%d", l.Line, l.Column, l.EndLine, l.EndColumn)
}
