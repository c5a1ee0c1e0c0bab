package rules

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/rogpeppe/go-internal/txtar"
)

var update = flag.Bool("update", false, "write what the rules say now")

// TestRecordedLogs: what the rules say of the logs alone, without a kernel and
// without the object, of the programs on the pages. The logs are those of
// testdata/logs/CODE.txtar, one for each series; cmd/bpfdiag's TestPagePrograms
// records them anew with -record.
func TestRecordedLogs(t *testing.T) {
	files, err := filepath.Glob("testdata/logs/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no recorded logs: %v", err)
	}
	for _, file := range files {
		code := strings.TrimSuffix(filepath.Base(file), ".txtar")
		t.Run(code, func(t *testing.T) {
			a, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			want := map[string]string{}
			var logs []txtar.File
			for _, f := range a.Files {
				if name, ok := strings.CutSuffix(f.Name, ".log"); ok {
					logs = append(logs, f)
					want[name+".txt"] += ""
				} else {
					want[f.Name] = string(f.Data)
				}
			}
			out := txtar.Archive{Comment: a.Comment}
			for _, f := range logs {
				name := strings.TrimSuffix(f.Name, ".log") + ".txt"
				d := Diagnose(Case{Program: Program{Name: "program"}, Log: string(f.Data)})
				if d.Code != code {
					t.Errorf("%s is %s", f.Name, d.Code)
				}
				text := diag.Text{Pages: func(string) (diag.Page, bool) { return diag.Page{}, true }}.Render(d)
				if text != want[name] && !*update {
					t.Errorf("%s: got\n%s\nwant\n%s", f.Name, text, want[name])
				}
				out.Files = append(out.Files, f, txtar.File{Name: name, Data: []byte(text)})
			}
			if *update {
				if err := os.WriteFile(file, txtar.Format(&out), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}
