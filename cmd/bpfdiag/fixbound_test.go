package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/fix"
)

// TestBoundFix: whatever the bound, the document of fix is valid, within it, has all
// programs, and says what it lacks; or the error says what is enough.
func TestBoundFix(t *testing.T) {
	help := diag.Help{Text: "check `p` first", Edits: []diag.Edit{{File: "a.c", Replacement: strings.Repeat("x", 100)}}}
	d := fixDocument{Schema: 1, Result: fix.Result{
		Targets: []fix.Report{
			{Path: "a.c", Command: []string{"clang"}, Notes: []string{"a note"},
				Programs: []fix.Program{{Name: "p", Before: diag.Rejected, Verdict: diag.Accepted}, {Name: "q", Before: diag.Rejected, Verdict: diag.Rejected,
					Diagnostic: &diag.Diagnostic{Code: "BPF0101", Message: "`p` may be NULL", Rendered: strings.Repeat("y", 500), Evidence: make([]diag.Evidence, 90)}}},
				Steps: []fix.Step{{Program: "p", Help: help, Refused: []fix.Refusal{{Help: "other", Why: strings.Repeat("z", 300)}}}}},
			{Path: "b.c", Error: strings.Repeat("it does not compile\n", 1000)},
		},
		Changes: []fix.Change{{Path: "/a.c", Diff: strings.Repeat("+line\n", 200)}},
	}}
	before, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	parts := map[string]bool{}
	for max := 100; max < len(before)+500; max += 61 {
		got, err := boundFix(d, max, "ask for all", func(w io.Writer, d fixDocument) error { return writeCompact(w, d) })
		var small *diag.BoundError
		if errors.As(err, &small) {
			if small.Least <= max {
				t.Errorf("%d: %v", max, err)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		b, err := json.Marshal(got)
		if err != nil || len(b) > max {
			t.Fatalf("%d: %d bytes, %v", max, len(b), err)
		}
		if got.Targets[0].Programs[1].Verdict != diag.Rejected || got.Targets[1].Error == "" || (got.LeftOut == nil) != bytes.Equal(b, before) {
			t.Errorf("%d: %s", max, b)
		}
		if got.LeftOut != nil {
			parts[got.LeftOut.What] = true
			if has := got.Changes[0].Diff != ""; has == strings.Contains(got.LeftOut.What, "the changes") {
				t.Errorf("%d: %s, but %s", max, got.LeftOut.What, b)
			}
		}
	}
	if after, _ := json.Marshal(d); !bytes.Equal(after, before) || len(parts) < 4 {
		t.Errorf("what was left out: %v; the document was changed: %t", parts, !bytes.Equal(after, before))
	}
}
