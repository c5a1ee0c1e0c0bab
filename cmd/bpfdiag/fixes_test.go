package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/fix"
	"github.com/bpfdiag/bpfdiag/umlinux/kernel"
	"github.com/rogpeppe/go-internal/diff"
)

// fixedRight is the least share of the broken examples that `bpfdiag fix --apply` mends
// as it was meant, in percent.
const fixedRight = 60

// fixJudgement is a line of examples/fixes.txt.
type fixJudgement struct {
	accepted bool
	hash     string // of the diff that was judged
	right    bool
}

// fixJudgements reads examples/fixes.txt, which says what it is about.
func fixJudgements(t *testing.T) map[string]fixJudgement {
	t.Helper()
	text, err := os.ReadFile(root("examples", "fixes.txt"))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]fixJudgement{}
	for line := range strings.Lines(string(text)) {
		f := strings.Fields(line)
		switch {
		case len(f) == 0 || f[0] == "#":
		case len(f) > 2 && f[1] == "stuck":
			all[f[0]] = fixJudgement{}
		case len(f) > 4 && f[1] == "accepted" && len(f[2]) == 8 && (f[3] == "right" || f[3] == "wrong"):
			all[f[0]] = fixJudgement{true, f[2], f[3] == "right"}
		default:
			t.Fatalf("fixes.txt: %s", line)
		}
	}
	return all
}

// TestFixes: what `bpfdiag fix --apply` makes of the broken examples is what a person has
// read and judged. `go test ./cmd/bpfdiag -run Fixes -update` writes the diffs to
// examples/fixes; then those that are new are to be judged in examples/fixes.txt.
func TestFixes(t *testing.T) {
	command := exampleCommand(t)
	judged := fixJudgements(t)
	byKernel := map[string][]string{}
	all := map[string]bool{}
	for _, e := range examples(t) {
		all[e.name] = true
		byKernel[e.kernel] = append(byKernel[e.kernel], e.name)
	}
	for name := range judged {
		if !all[name] {
			t.Errorf("fixes.txt: %s is no example", name)
		}
	}
	diffs, _ := filepath.Glob(root("examples", "fixes", "*.diff"))
	for _, path := range diffs {
		if name := strings.TrimSuffix(filepath.Base(path), ".diff"); !judged[name].accepted {
			t.Errorf("%s is of no example that is accepted in fixes.txt", path)
		}
	}
	for k, names := range byKernel {
		t.Run(k, func(t *testing.T) {
			if _, err := kernel.Find(k); err != nil {
				missing(t, err.Error())
			}
			for name, got := range fixExamples(t, k, command, names) {
				compareFix(t, name, got, judged[name])
			}
		})
	}
	right := 0
	for _, j := range judged {
		if j.right {
			right++
		}
	}
	t.Logf("%d of %d are mended as it was meant", right, len(all))
	if 100*right < fixedRight*len(all) {
		t.Errorf("%d of %d are mended as it was meant", right, len(all))
	}
}

// fixOf is what became of an example.
type fixOf struct {
	accepted bool
	diff     string
	said     string // of those that are stuck
}

func compareFix(t *testing.T, name string, got fixOf, j fixJudgement) {
	t.Helper()
	path := root("examples", "fixes", name+".diff")
	if !got.accepted {
		if *update {
			_ = os.Remove(path)
		}
		if j.accepted {
			t.Errorf("%s is stuck now, and was accepted:\n%s", name, got.said)
		}
		return
	}
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got.diff), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Error(err)
	} else if string(want) != got.diff {
		t.Errorf("another diff:\n%s", diff.Diff(path, want, "what is made now", []byte(got.diff)))
	}
	sum := sha256.Sum256([]byte(got.diff))
	if hash := hex.EncodeToString(sum[:4]); hash != j.hash {
		t.Errorf("fixes.txt: %s: this is to be judged beside examples/fixed: `%s accepted %s right|wrong WHY`\n%s", name, name, hash, got.diff)
	}
}

// exampleCommand is the command that compiles examples. What fix and the trials make
// of them depends on the compiler.
func exampleCommand(t *testing.T) string {
	t.Helper()
	bpfdiagBin(t)
	if clangMajor() != goldenClang {
		missing(t, "no clang "+goldenClang)
	}
	out, err := exec.Command(root("scripts", "compile-examples"), "--command").Output()
	if err != nil {
		missing(t, fmt.Sprintf("scripts/compile-examples: %v; run `make examples`", err))
	}
	return strings.TrimSpace(string(out))
}

// fixExamples mends copies of examples, half of them at a time.
func fixExamples(t *testing.T, kernel, command string, names []string) map[string]fixOf {
	t.Helper()
	all := map[string]fixOf{}
	var mu sync.Mutex
	var wg sync.WaitGroup
	for half := range slices.Chunk(names, (len(names)+1)/2) {
		wg.Go(func() {
			got, err := fixCopies(t, kernel, command, half)
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			maps.Copy(all, got)
		})
	}
	wg.Wait()
	return all
}

func fixCopies(t *testing.T, kernel, command string, names []string) (map[string]fixOf, error) {
	folder := t.TempDir()
	args := []string{"fix", "--apply", "--quiet", "--format", "json", "--max-bytes", "0", "--kernel", kernel, "--compile", command}
	broken := map[string]string{}
	for _, name := range names {
		text, err := os.ReadFile(root("examples", "broken", name+".bpf.c"))
		if err != nil {
			return nil, err
		}
		broken[name] = string(text)
		if err := os.WriteFile(filepath.Join(folder, name+".bpf.c"), text, 0o644); err != nil {
			return nil, err
		}
		args = append(args, name+".bpf.c")
	}
	bin, err := filepath.Abs(bpfdiagBin(t))
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(bin, args...)
	cmd.Dir = folder
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return nil, err
	}
	var doc fixDocument
	if err := json.Unmarshal(out, &doc); err != nil {
		return nil, fmt.Errorf("%w: %.1000s %s", err, out, said.String())
	}
	all := map[string]fixOf{}
	for _, r := range doc.Targets {
		name := strings.TrimSuffix(r.Path, ".bpf.c")
		now, err := os.ReadFile(filepath.Join(folder, r.Path))
		if err != nil {
			return nil, err
		}
		got := fixOf{accepted: r.Error == "", said: r.Error}
		for _, p := range r.Programs {
			if p.Verdict != diag.Accepted {
				got.accepted = false
				if p.Diagnostic != nil {
					got.said += p.Diagnostic.Rendered
				}
			}
		}
		i := slices.IndexFunc(doc.Changes, func(c fix.Change) bool { return filepath.Base(c.Path) == r.Path })
		if changed := string(now) != broken[name]; changed != (i >= 0) {
			return nil, fmt.Errorf("%s: a change is told %v, and written %v", name, i >= 0, changed)
		}
		if i >= 0 {
			got.diff = doc.Changes[i].Diff
		}
		all[name] = got
	}
	return all, nil
}
