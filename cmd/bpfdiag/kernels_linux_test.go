package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/bpfdiag/bpfdiag/diag"
)

// checkJSON runs `bpfdiag check --format json` and returns its document.
func checkJSON(t *testing.T, args ...string) diag.Document {
	t.Helper()
	out, errOut, _ := runCheckBin(t, append([]string{"--format", "json", "--max-bytes", "0"}, args...)...)
	var doc diag.Document
	if err := json.Unmarshal([]byte(out), &doc); err != nil {
		t.Fatalf("%v\n%s", err, errOut)
	}
	return doc
}

// TestEveryKernel: each kernel verifies each family of programs, as each
// architecture's JIT lets it.
func TestEveryKernel(t *testing.T) {
	object := objectOf(t, "kinds")
	for _, kernel := range testKernels(t) {
		for _, jit := range []string{"x86-64", "arm64", "riscv64", "s390x", "none"} {
			t.Run(kernel+"/"+jit, func(t *testing.T) {
				doc := checkJSON(t, "--kernel", kernel, "--jit", jit, object)
				if doc.Kernel.Series != kernel || doc.Kernel.JIT != jit || len(doc.Objects) != 1 || len(doc.Objects[0].Programs) < 15 {
					t.Fatalf("not what was asked for: %+v", doc)
				}
				for _, p := range doc.Objects[0].Programs {
					want := diag.Accepted
					switch {
					case strings.HasPrefix(p.Name, "reject_"):
						want = diag.Rejected
					case kernel == "6.1" && p.Name == "accept_kfunc":
						want = diag.Error // came with 6.2
					case jit == "none" && (p.Name == "accept_kfunc" || p.Name == "accept_lsm"):
						want = "" // BPF LSM and kfuncs need a JIT; how that is said depends on the series
					}
					if want != "" && p.Verdict != want {
						t.Errorf("%s: %s %s, want %s", p.Name, p.Verdict, p.Error, want)
						for _, d := range p.Diagnostics {
							t.Log(d.Rendered)
						}
					}
				}
			})
		}
	}
}
