package main

import (
	"bytes"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bpfdiag/bpfdiag/umlinux/kernel"
	"github.com/rogpeppe/go-internal/diff"
)

var update = flag.Bool("update", false, "write docs/side-by-side/examples.md anew")

// goldenClang has compiled the examples that docs/side-by-side is about.
const goldenClang = "22"

// lacking skips a test on a user's machine and fails it in CI.
func lacking(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatal(what)
	}
	t.Skip(what)
}

// TestExamples makes examples.md anew. It needs Linux 7.3, the compiled
// examples (`make examples`) and bpfdiag, which BPFDIAG_BIN names.
func TestExamples(t *testing.T) {
	bin := os.Getenv("BPFDIAG_BIN")
	if bin == "" {
		lacking(t, "BPFDIAG_BIN names no bpfdiag; run `make test`")
	}
	if _, err := kernel.Find("7.3"); err != nil {
		lacking(t, err.Error())
	}
	compiler := os.Getenv("CLANG")
	if compiler == "" {
		compiler = "clang-" + goldenClang
	}
	if v, _ := exec.Command(compiler, "-dumpversion").Output(); !strings.HasPrefix(string(v), goldenClang+".") {
		t.Skip("the examples are not compiled by clang " + goldenClang)
	}
	root := filepath.Join("..", "..")
	build := os.Getenv("BPFDIAG_EXAMPLES")
	if build == "" {
		build = filepath.Join("build", "examples")
	}
	if !filepath.IsAbs(build) {
		build = filepath.Join(root, build)
	}
	objects, err := filepath.Glob(filepath.Join(build, "broken", "*.bpf.o"))
	if err != nil || len(objects) == 0 {
		lacking(t, "no examples in "+build+"; run `make examples`")
	}
	for i, o := range objects {
		objects[i], _ = filepath.Abs(o)
	}
	dir := t.TempDir()
	cmd := exec.Command(bin, append([]string{"check", "--kernel", "7.3", "--format", "json", "--max-bytes", "0", "--save-logs", dir}, objects...)...)
	cmd.Dir = root
	out, err := cmd.Output()
	if _, ok := err.(*exec.ExitError); err != nil && !ok {
		t.Fatal(err)
	}
	document := filepath.Join(dir, "doc.json")
	if err := os.WriteFile(document, out, 0o600); err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	if err := run(&got, "examples", document, dir, false); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(documents, "examples.md")
	if *update {
		if err := os.WriteFile(path, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Bytes(), want) {
		t.Errorf("%s\n(-update writes it)", diff.Diff(path, want, "what is made now", got.Bytes()))
	}
}
