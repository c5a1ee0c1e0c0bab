package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/rules"
)

// TestPagePrograms compiles the two programs of every page and has each kernel
// judge them: the first is rejected with the page's code, the second accepted.
// $BPFDIAG_PAGES names codes to try alone.
func TestPagePrograms(t *testing.T) {
	bin := bpfdiagBin(t)
	if clang() == "" {
		missing(t, "no clang")
	}
	folder := t.TempDir()
	only := strings.Fields(os.Getenv("BPFDIAG_PAGES"))
	var objects []string
	pages := map[string]rules.Page{}
	for _, p := range rules.Pages() {
		if p.Rejected == "" || len(only) > 0 && !slices.Contains(only, p.Code) {
			continue
		}
		for name, text := range map[string]string{p.Code + ".rejected": p.Rejected, p.Code + ".accepted": p.Accepted} {
			source, object := filepath.Join(folder, name+".bpf.c"), filepath.Join(folder, name+".bpf.o")
			if err := os.WriteFile(source, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
			if err := compileTo(object, source, "-g", "-Wall", "-Wno-unused"); err != nil {
				t.Error(err)
				continue
			}
			pages[object] = p
			objects = append(objects, object)
		}
	}
	slices.Sort(objects)
	if len(objects) == 0 {
		t.Fatal("no programs")
	}
	for _, k := range testKernels(t) {
		t.Run(k, func(t *testing.T) {
			out, err := exec.Command(bin, append([]string{"check", "--kernel", k, "--format", "json"}, objects...)...).Output()
			if _, ok := err.(*exec.ExitError); err != nil && !ok {
				t.Fatal(err)
			}
			var doc diag.Document
			if err := json.Unmarshal(out, &doc); err != nil {
				t.Fatalf("%v\n%.2000s", err, out)
			}
			for _, o := range doc.Objects {
				p := pages[o.Path]
				if p.Kernels == nil || slices.Contains(p.Kernels, k) {
					judgePage(t, p, o)
				}
			}
		})
	}
}

func judgePage(t *testing.T, p rules.Page, o diag.Object) {
	t.Helper()
	name := strings.TrimSuffix(filepath.Base(o.Path), ".bpf.o")
	if o.Error != "" || len(o.Programs) == 0 {
		t.Errorf("%s: %s", name, o.Error)
	}
	rejected := false
	for _, prog := range o.Programs {
		switch {
		case strings.HasSuffix(name, ".accepted") && prog.Verdict != diag.Accepted, prog.Verdict == diag.Error:
			t.Errorf("%s: `%s` is %s %s", name, prog.Name, prog.Verdict, prog.Error)
			for _, d := range prog.Diagnostics {
				t.Log(d.Rendered)
			}
		case prog.Verdict == diag.Rejected:
			rejected = true
			if d := prog.Diagnostics[0]; d.Code != p.Code {
				t.Errorf("%s: `%s` is rejected with another code:\n%s", name, prog.Name, d.Rendered)
			}
		}
	}
	if strings.HasSuffix(name, ".rejected") && !rejected {
		t.Errorf("%s is not rejected", name)
	}
}
