package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/umlinux/kernel"
)

// verifiedSample is which of the examples are tried: every third.
const verifiedSample = 3

// TestVerified: every help that is said to be verified is. `bpfdiag check` says so of
// sources; here its edits are made in copies, compiled by the command alone, and
// judged by a run that tries nothing and remembers nothing.
func TestVerified(t *testing.T) {
	command := exampleCommand(t)
	folder := t.TempDir()
	var sources []string
	for i, e := range examples(t) {
		if i%verifiedSample != 0 || e.kernel != kernel.Default {
			continue
		}
		text, err := os.ReadFile(root(e.file))
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(folder, e.name+".bpf.c")
		if err := os.WriteFile(path, text, 0o644); err != nil {
			t.Fatal(err)
		}
		sources = append(sources, path)
	}
	doc := checkObjects(t, kernel.Default, append([]string{"--prove", "on", "--compile", command}, sources...))
	type claim struct {
		program string
		help    diag.Help
	}
	claims := map[string]claim{} // by the object that is made
	var objects []string
	for _, o := range doc.Objects {
		if o.Error != "" {
			t.Errorf("%s: %s", o.Path, o.Error)
		}
		for _, p := range o.Programs {
			for _, d := range p.Diagnostics {
				for _, h := range d.Helps {
					if !h.Verified {
						continue
					}
					object := filepath.Join(folder, strconv.Itoa(len(objects)), "x.bpf.o")
					makeVerified(t, command, o.Path, object, h.Edits)
					claims[object], objects = claim{p.Name, h}, append(objects, object)
				}
			}
		}
	}
	t.Logf("%d sources, %d helps are verified", len(sources), len(objects))
	if len(objects) < len(sources)/2 {
		t.Errorf("of %d sources, %d helps are verified", len(sources), len(objects))
	}
	for _, o := range checkObjects(t, kernel.Default, append([]string{"--prove", "off", "--no-cache"}, objects...)).Objects {
		c, found := claims[o.Path], false
		for _, p := range o.Programs {
			found = found || p.Name == c.program
			if p.Name == c.program && p.Verdict != diag.Accepted {
				t.Errorf("`%s` is %s with what is verified: %+v", p.Name, p.Verdict, c.help)
			}
		}
		if !found {
			t.Errorf("no `%s` any more with what is verified: %+v", c.program, c.help)
		}
	}
}

// makeVerified makes edits in a copy of a source, and compiles that.
func makeVerified(t *testing.T, command, source, object string, edits []diag.Edit) {
	t.Helper()
	text, err := os.ReadFile(source)
	if err != nil {
		t.Fatal(err)
	}
	made, err := diag.Apply(edits[0].File, string(text), edits)
	if err != nil || made == string(text) {
		t.Fatalf("%s: the edits change nothing: %v %+v", source, err, edits)
	}
	copied := strings.TrimSuffix(object, ".o") + ".c"
	if err := os.MkdirAll(filepath.Dir(copied), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(copied, []byte(made), 0o644); err != nil {
		t.Fatal(err)
	}
	args := strings.Fields(strings.NewReplacer("{source}", copied, "{output}", object).Replace(command))
	if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
		t.Errorf("%s does not compile with what is verified: %v\n%s", source, err, out)
	}
}
