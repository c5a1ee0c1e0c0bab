package compile

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bpfdiag/bpfdiag/internal/debuginfo"
	"github.com/bpfdiag/bpfdiag/internal/object"
)

// clang finds the compiler, as the other tests do.
func clang(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath(Clang())
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("no clang")
		}
		t.Skip("no clang")
	}
	return path
}

// project writes a source with a header and returns its command, which would
// leave files all over the tree.
func project(t *testing.T) (dir string, c Command) {
	t.Helper()
	dir = t.TempDir()
	write(t, filepath.Join(dir, "src/a.bpf.c"), "#include \"a.h\"\nint f(void) { return A; }\n")
	write(t, filepath.Join(dir, "src/a.h"), "#define A 1\n")
	line, err := ParseLine([]string{clang(t), "-g", "-O2", "--target=bpf", "-MMD", "-MF", "a.d", "-Wp,-MD,b.d", "-save-temps", "-ftime-trace",
		"-gsplit-dwarf", "-serialize-diagnostics", "a.dia", "-c", "src/../src/a.bpf.c", "-o", "out/a.o"}, dir)
	if err != nil {
		t.Fatal(err)
	}
	return dir, line.Commands(dir, "test")[0]
}

func list(t *testing.T, dir string) string {
	t.Helper()
	var all []string
	err := filepath.Walk(dir, func(path string, info os.FileInfo, err error) error {
		if err == nil && !info.IsDir() {
			all = append(all, strings.TrimPrefix(path, dir+"/"))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(all, " ")
}

func TestRun(t *testing.T) {
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	dir, c := project(t)
	r, err := Run(t.Context(), c, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := list(t, dir); got != "src/a.bpf.c src/a.h" {
		t.Errorf("the tree has %s", got)
	}
	if r.Status != 0 || r.AddedDebug || strings.Join(r.Files, " ") != dir+"/src/a.bpf.c "+dir+"/src/a.h" {
		t.Errorf("%+v", r)
	}
	obj, err := object.Open(r.Object)
	if err != nil || len(debuginfo.Units(obj)) != 1 {
		t.Errorf("%v", err)
	}
	r.Close()
	r.Close()
	if got := list(t, tmp); got != "" {
		t.Errorf("left behind: %s", got)
	}
}

func TestRunWithoutDebug(t *testing.T) {
	_, c := project(t)
	c.Args = append([]string{c.Args[0]}, c.Args[2:]...)
	r, err := Run(t.Context(), c, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	obj, err := object.Open(r.Object)
	if err != nil || !r.AddedDebug || len(debuginfo.Units(obj)) != 1 {
		t.Errorf("%+v, %v", r, err)
	}
}

// An overlay's text is what is compiled, and its name is the user's: in
// messages, debug information and dependencies; also through symbolic links.
func TestOverlay(t *testing.T) {
	dir, c := project(t)
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(dir, link); err != nil {
		t.Fatal(err)
	}
	text := "#include \"a.h\"\nint f(void) { return A; }\nint g(void) { return B; }\n"
	for _, root := range []string{dir, link} {
		r, err := Run(t.Context(), c, map[string]string{root + "/src/a.bpf.c": text, root + "/src/a.h": "#define A 2\n#define B 3\n"})
		if err != nil {
			t.Fatal(err)
		}
		if r.Status != 0 {
			t.Fatal(r.Stderr)
		}
		obj, err := object.Open(r.Object)
		if err != nil {
			t.Fatal(err)
		}
		units := debuginfo.Units(obj)
		if len(units) != 1 || units[0].Name != "src/../src/a.bpf.c" || strings.Contains(strings.Join(units[0].Files, " ")+strings.Join(r.Files, " "), "bpfdiag-compile") {
			t.Errorf("%+v %q", units, r.Files)
		}
		r.Close()
	}
	r, err := Run(t.Context(), c, map[string]string{dir + "/src/a.h": "#define A nothing\n"})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	all := Messages(r.Stderr, c.Dir)
	if r.Status != 1 || r.Object != "" || len(all) == 0 || all[0].File != dir+"/src/a.bpf.c" || all[0].Line != 2 || !strings.Contains(all[0].Text, "'nothing'") {
		t.Errorf("%+v %+v", r, all)
	}
}

func TestOverlayOfGCC(t *testing.T) {
	gcc, err := exec.LookPath("gcc")
	if err != nil {
		t.Skip("no gcc")
	}
	dir, c := project(t)
	c.Args = []string{gcc, "-g", "-c", "src/a.bpf.c"} // any target will do
	r, err := Run(t.Context(), c, map[string]string{c.Source: "#include \"a.h\"\nint f(void) { return A + }\n"})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if all := Messages(r.Stderr, c.Dir); len(all) != 1 || all[0].File != c.Source || all[0].Line != 2 || all[0].Severity != "error" {
		t.Errorf("%+v %s", all, r.Stderr)
	}
	if _, err := Run(t.Context(), c, map[string]string{dir + "/src/a.h": ""}); !errors.Is(err, ErrOverlay) {
		t.Errorf("header: %v", err)
	}
}

// TestOverlayOfNothing: the file of a text need not be there yet.
func TestOverlayOfNothing(t *testing.T) {
	_, c := project(t)
	if err := os.Remove(c.Source); err != nil {
		t.Fatal(err)
	}
	r, err := Run(t.Context(), c, map[string]string{c.Source: "#include \"a.h\"\nint f(void) { return A; }\n"})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if r.Object == "" || len(r.Files) < 2 || r.Files[0] != c.Source {
		t.Errorf("%+v", r)
	}
	bad, err := Run(t.Context(), c, map[string]string{c.Source: "int f(void) { return nothing; }\n"})
	if err != nil {
		t.Fatal(err)
	}
	defer bad.Close()
	if all := Messages(bad.Stderr, c.Dir); bad.Object != "" || len(all) == 0 || all[0].File != c.Source || all[0].Line != 1 {
		t.Errorf("%+v %+v", bad, all)
	}
}

func TestRunFails(t *testing.T) {
	dir, c := project(t)
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	compiler := filepath.Join(dir, "clang")
	write(t, compiler, "#!/bin/sh\nsleep 100 & sleep 100\n")
	if err := os.Chmod(compiler, 0o755); err != nil {
		t.Fatal(err)
	}
	c.Args[0] = "./clang"
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := Run(ctx, c, nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("time limit: %v", err)
	}
	write(t, compiler, "#!/bin/sh\nyes | head -c 3000000 >&2; exit 3\n")
	r, err := Run(t.Context(), c, nil)
	if err != nil || r.Status != 3 || !r.Cut || len(r.Stderr) != MaxSaid {
		t.Errorf("much output: %v", err)
	}
	r.Close()
	write(t, compiler, "#!/bin/sh\nexit 0\n")
	if _, err := Run(t.Context(), c, nil); err == nil || !strings.Contains(err.Error(), "clang made no object") {
		t.Errorf("no object: %v", err)
	}
	c.Args[0] = "no-such-clang"
	if _, err := Run(t.Context(), c, nil); err == nil || !strings.Contains(err.Error(), "no-such-clang") {
		t.Errorf("no compiler: %v", err)
	}
	if got := list(t, tmp); got != "" {
		t.Errorf("left behind: %s", got)
	}
}
