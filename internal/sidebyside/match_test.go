package main

import (
	"path/filepath"
	"testing"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/rules"
	"github.com/rogpeppe/go-internal/txtar"
)

// aloneUnknown are words that we have from the object, and not without it: how
// long a function is.
var aloneUnknown = map[string]bool{"BPF0612.txtar 0": true, "BPF0612.txtar 4": true}

// TestRecordedReports: of the logs of Linux 7.3 that are kept for the rules'
// tests, everything that a report tells is in our diagnostic of the log alone.
func TestRecordedReports(t *testing.T) {
	files, err := filepath.Glob("../../rules/testdata/logs/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	arguments, err := readArguments(argumentsText)
	if err != nil {
		t.Fatal(err)
	}
	reports := 0
	for _, file := range files {
		a, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range a.Files {
			if f.Name != "7.3.log" {
				continue
			}
			d := rules.Diagnose(rules.Case{Program: rules.Program{Name: "program"}, Log: string(f.Data)})
			d.Rendered = diag.Text{}.Render(d)
			c := compare(filepath.Base(file), string(f.Data), &d, arguments)
			if c == nil {
				continue
			}
			reports++
			for _, x := range c.facts {
				switch {
				case x.in != missing:
				case x.event != nil:
					t.Errorf("%s: missing: insn %d, %s: %s", c.name, x.event.Insn, x.event.Kind, x.event.Text)
				case !aloneUnknown[c.name+" "+x.word]:
					t.Errorf("%s: missing: %q of %q", c.name, x.word, c.report.Reason)
				}
			}
			if !agrees(c.report, &d) {
				t.Errorf("%s: at %s:%d (insn %d): %+v", c.name, c.report.At.File, c.report.At.Line, c.report.At.Insn, d.Labels)
			}
		}
	}
	if reports < 40 {
		t.Errorf("%d reports", reports)
	}
}
