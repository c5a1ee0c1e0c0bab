package main

import (
	"cmp"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/umlinux/kernel"
)

// TestExamples checks the compiled examples with the default kernel, whose
// verdicts examples/EXPECTED tells. `make examples` compiles them.
func TestExamples(t *testing.T) {
	bin := bpfdiagBin(t)
	if _, err := kernel.Find(kernel.Default); err != nil {
		missing(t, err.Error())
	}
	folder := cmp.Or(os.Getenv("BPFDIAG_EXAMPLES"), filepath.Join("..", "..", "build", "examples"))
	objects, err := filepath.Glob(filepath.Join(folder, "*.bpf.o"))
	if err != nil {
		t.Fatal(err)
	}
	if len(objects) == 0 {
		missing(t, "no compiled examples in "+folder+"; run `make examples`")
	}

	out, err := exec.Command(bin, append([]string{"check", "--format", "json"}, objects...)...).Output()
	if exit, ok := err.(*exec.ExitError); !ok || exit.ExitCode() != exitRejected {
		t.Errorf("exit status: %v; half of the examples should be rejected", err)
	}
	var doc diag.Document
	if err := json.Unmarshal(out, &doc); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var got []string
	for _, o := range doc.Objects {
		for _, p := range o.Programs {
			got = append(got, strings.TrimSuffix(filepath.Base(o.Path), ".bpf.o")+" "+p.Name+" "+string(p.Verdict))
		}
	}
	slices.Sort(got)
	if want := expectedVerdicts(t); !slices.Equal(got, want) {
		t.Errorf("got\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

// expectedVerdicts reads the table, a line for each program.
func expectedVerdicts(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "examples", "EXPECTED"))
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for line := range strings.Lines(string(text)) {
		if f := strings.Fields(line); len(f) > 0 && f[0] != "#" {
			lines = append(lines, strings.Join(f, " "))
		}
	}
	slices.Sort(lines)
	return lines
}

// TestExamplesSay: an example's first line says what it shows, and that it is
// rejected where it is; each has a line in EXPECTED.
func TestExamplesSay(t *testing.T) {
	verdicts := strings.Join(expectedVerdicts(t), "\n") + "\n"
	sources, err := filepath.Glob(filepath.Join("..", "..", "examples", "*.bpf.c"))
	if err != nil || len(sources) == 0 {
		t.Fatalf("no examples: %v", err)
	}
	for _, path := range sources {
		name := strings.TrimSuffix(filepath.Base(path), ".bpf.c")
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var mine []string
		for line := range strings.Lines(verdicts) {
			if strings.HasPrefix(line, name+" ") {
				mine = append(mine, line)
			}
		}
		if len(mine) == 0 {
			t.Errorf("%s is not in EXPECTED", name)
		}
		says := strings.HasPrefix(string(text), "// Rejected, ")
		if rejected := strings.Contains(strings.Join(mine, ""), " rejected"); says != rejected {
			t.Errorf("%s: its first line says rejected: %v, EXPECTED: %v", name, says, rejected)
		}
	}
}
