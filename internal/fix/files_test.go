package fix

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/compile"
)

// TestWrite: files are replaced with their modes, through links, all or none.
func TestWrite(t *testing.T) {
	dir := t.TempDir()
	a, b, link := filepath.Join(dir, "a.c"), filepath.Join(dir, "b.h"), filepath.Join(dir, "link.h")
	write(t, a, "a\r\n")
	write(t, b, "b\n")
	if err := errors.Join(os.Chmod(a, 0o640), os.Symlink("b.h", link)); err != nil {
		t.Fatal(err)
	}
	changes := []Change{{Path: a, Old: "a\r\n", New: "A\r\n"}, {Path: link, Old: "b\n", New: "B\n"}}

	write(t, b, "somebody's\n")
	if err := Write(changes); !errors.Is(err, ErrChanged) || !strings.Contains(err.Error(), "link.h") {
		t.Errorf("a changed file: %v", err)
	}
	if is(t, a) != "a\r\n" || is(t, b) != "somebody's\n" {
		t.Error("something was written")
	}

	write(t, b, "b\n")
	if err := Write(changes); err != nil {
		t.Fatal(err)
	}
	info, err := os.Lstat(link)
	if err != nil || info.Mode()&os.ModeSymlink == 0 || is(t, a) != "A\r\n" || is(t, b) != "B\n" {
		t.Errorf("written: %q %q, link %v %v", is(t, a), is(t, b), info, err)
	}
	if info, err := os.Stat(a); err != nil || info.Mode() != 0o640 {
		t.Errorf("mode %v %v", info, err)
	}
	if all, err := os.ReadDir(dir); err != nil || len(all) != 3 {
		t.Errorf("files are left: %v %v", all, err)
	}
}

func is(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestEditable: edits stay in the source's project.
func TestEditable(t *testing.T) {
	dir := t.TempDir()
	for _, f := range []string{"repo/.git/config", "repo/src/x.bpf.c", "repo/include/own.h", "repo/include/vmlinux.h", "other.h", "alone/x.bpf.c", "alone/own.h"} {
		path := filepath.Join(dir, f)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		write(t, path, "")
	}
	if err := os.Symlink("../../other.h", filepath.Join(dir, "repo/include/link.h")); err != nil {
		t.Fatal(err)
	}
	for source, files := range map[string]map[string]bool{
		"repo/src/x.bpf.c": {"repo/src/x.bpf.c": true, "repo/include/own.h": true, "repo/include/vmlinux.h": false, "repo/include/link.h": false,
			"other.h": false, "repo/.git/config": false, "repo/none.h": false},
		"alone/x.bpf.c": {"alone/own.h": true, "other.h": false, "repo/include/own.h": false},
	} {
		p := &Prover{Command: compile.Command{Source: filepath.Join(dir, source)}}
		for file, want := range files {
			if _, err := p.editable(filepath.Join(dir, file)); (err == nil) != want {
				t.Errorf("%s of %s: %v", file, source, err)
			}
		}
	}
}

// TestMoved: where a line is behind an edit, and whether it is the same.
func TestMoved(t *testing.T) {
	at := func(line, column int) diag.Position { return diag.Position{Line: line, Column: column} }
	for _, c := range []struct {
		edit    diag.Edit
		to      int // of line 10
		touched bool
	}{
		{diag.Edit{File: "f", Start: at(3, 1), End: at(3, 1), Replacement: "a;\nb;\n"}, 12, false},
		{diag.Edit{File: "f", Start: at(3, 1), End: at(5, 1)}, 8, false},
		{diag.Edit{File: "f", Start: at(12, 1), End: at(12, 1), Replacement: "a;\n"}, 10, false},
		{diag.Edit{File: "f", Start: at(10, 2), End: at(10, 2), Replacement: "if (!p)\n\t\treturn;\n\t"}, 12, false},
		{diag.Edit{File: "f", Start: at(10, 9), End: at(10, 9), Replacement: "\n\tput(p);"}, 10, false},
		{diag.Edit{File: "f", Start: at(9, 4), End: at(10, 1)}, 9, false},
		{diag.Edit{File: "f", Start: at(10, 2), End: at(10, 5), Replacement: "q"}, 10, true},
		{diag.Edit{File: "g", Start: at(3, 1), End: at(3, 1), Replacement: "a;\n"}, 10, false},
	} {
		if to, touched := moved([]diag.Edit{c.edit}, "f", 10); to != c.to || touched != c.touched {
			t.Errorf("%+v: %d %v", c.edit, to, touched)
		}
	}
}

// TestDoesNothing: lines whose instructions may go without anything being lost.
func TestDoesNothing(t *testing.T) {
	for source, want := range map[string]bool{
		"\t\treturn 0;": true, "return XDP_PASS; // done": true, "break;": true, "}": true, "goto out;": true,
		"__noinline __u32 *nearest(struct limits *l, __u32 mark)": true, "int weight(struct flow *f) {": true, "static int f(int a,": true,
		"return bpf_redirect(1, 0);": false, "*n += 1;": false, "returned = 1;": false, "return (*n);": false, "": false,
		"if (*n)": false, "while (n < f(n))": false, "return f(a,": false, "else if (*n)": false, "bpf_probe_read(a,": false, "n = f(a,": false,
	} {
		if got := doesNothing(&diag.Label{Source: source}); got != want {
			t.Errorf("%q: %v", source, got)
		}
	}
}
