package rules

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/verifierlog"
)

// TestCorpus asks the rules about every log in the folder $BPFDIAG_LOGS: none
// fails, every complaint has a code, every diagnostic a headline of its own.
func TestCorpus(t *testing.T) {
	root := os.Getenv("BPFDIAG_LOGS")
	if root == "" {
		t.Skip("BPFDIAG_LOGS names no folder of logs")
	}
	plain := map[string]int{}
	n := 0
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || !strings.HasSuffix(path, ".log") {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil || len(text) > 4<<20 {
			return err
		}
		sum := verifierlog.Summarize(string(text))
		if sum.Message == "" {
			return nil
		}
		n++
		d := Diagnose(Case{Program: Program{Name: "p"}, Log: string(text), Summary: &sum})
		checkDiagnostic(t, path, &d)
		if code, ok := CodeOf(sum.Message); ok && code.ID != d.Code {
			t.Errorf("%s: %s by its complaint, %s by its path", path, code.ID, d.Code)
		}
		if strings.HasPrefix(d.Message, "the verifier rejected ") {
			plain[d.Code]++
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d logs; without a headline of their own: %v", n, plain)
}

// checkDiagnostic holds for every diagnostic.
func checkDiagnostic(t *testing.T, what string, d *diag.Diagnostic) {
	t.Helper()
	for _, n := range d.Notes {
		if strings.HasPrefix(n, Failed) {
			t.Errorf("%s: %s", what, n)
		}
	}
	if d.Code == "BPF0000" {
		t.Errorf("%s: no code: %s", what, d.KernelMessage)
	}
	if strings.ContainsAny(d.Message, "\n{}") || d.Message == "" {
		t.Errorf("%s: headline %q", what, d.Message)
	}
	primaries := 0
	for _, l := range d.Labels {
		if l.Primary {
			primaries++
		}
	}
	if primaries > 1 { // none where the log does not say the line
		t.Errorf("%s: %d primary labels", what, primaries)
	}
	if !bytes.HasSuffix([]byte(diag.Text{}.Render(*d)), []byte("\n")) {
		t.Errorf("%s: no text", what)
	}
}

// FuzzDiagnose: whatever a log says, there is a diagnostic.
func FuzzDiagnose(f *testing.F) {
	files, _ := filepath.Glob("testdata/logs/*.txtar")
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Fuzz(func(t *testing.T, log string) {
		d := Diagnose(Case{Program: Program{Name: "p"}, Log: log})
		for _, n := range d.Notes {
			if strings.HasPrefix(n, Failed) {
				t.Error(n)
			}
		}
		diag.Text{}.Render(d)
	})
}
