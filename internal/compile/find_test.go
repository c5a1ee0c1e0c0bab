package compile

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// ask returns the commands of a file, one in a line, with DIR for the folder.
func ask(t *testing.T, f *Finder, dir, file string) string {
	t.Helper()
	all, err := f.Commands(filepath.Join(dir, file))
	if err != nil {
		return "error: " + strings.ReplaceAll(err.Error(), dir, "DIR")
	}
	var lines []string
	for _, c := range all {
		from := c.From
		if c.Dir != dir {
			from += " in " + c.Dir
		}
		lines = append(lines, strings.ReplaceAll(strings.Join(c.Args, " ")+" ("+from+") "+c.Output, dir, "DIR"))
	}
	return strings.Join(lines, "\n")
}

func TestDatabase(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "build/compile_commands.json"), `[
{"directory": "`+dir+`/build", "file": "../src/a.bpf.c", "command": "clang -target bpf -DX=\"1 2\" -c ../src/a.bpf.c -o a.o"},
{"directory": "`+dir+`/build", "file": "../src/a.bpf.c", "arguments": ["clang", "--target=bpf", "-DY", "-c", "../src/a.bpf.c"], "output": "y/a.o"},
{"directory": "`+dir+`/build", "file": "../src/user.c", "command": "cc -c ../src/user.c"},
{"directory": "`+dir+`/build", "file": "../src/user.bpf.c", "command": "cc -c ../src/user.bpf.c"},
{"file": "bad", "arguments": []}
]`)
	write(t, filepath.Join(dir, "src/a.bpf.c"), "")
	write(t, filepath.Join(dir, "src/user.bpf.c"), `SEC("xdp")`)
	f := new(Finder)
	want := `clang -target bpf -DX=1 2 -c ../src/a.bpf.c -o a.o (DIR/build/compile_commands.json in DIR/build) DIR/build/a.o
clang --target=bpf -DY -c ../src/a.bpf.c (DIR/build/compile_commands.json in DIR/build) DIR/build/y/a.o`
	if got := ask(t, f, dir, "src/a.bpf.c"); got != want {
		t.Errorf("got\n%s", got)
	}
	for _, other := range []string{"src/user.c", "src/user.bpf.c", "src/none.c", "src/lib.rs"} {
		if got := ask(t, f, dir, other); got != "" {
			t.Errorf("%s: %s", other, got)
		}
	}
	// A link to the folder is the same folder.
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(dir, link); err != nil {
		t.Skip(err)
	}
	if got := ask(t, f, link, "src/a.bpf.c"); !strings.Contains(got, "-DY") {
		t.Errorf("through a link: %s", got)
	}
	// It is read again when it has changed.
	write(t, filepath.Join(dir, "build/compile_commands.json"), `[`)
	if got := ask(t, f, dir, "src/a.bpf.c"); got != "error: DIR/build/compile_commands.json: unexpected end of JSON input" {
		t.Errorf("changed: %s", got)
	}
}

func TestHeaders(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "compile_commands.json"), `[
{"directory": "`+dir+`", "file": "a.bpf.c", "command": "clang -target bpf -c a.bpf.c -o a.o"},
{"directory": "`+dir+`", "file": "b.bpf.c", "command": "clang -target bpf -MD -MF deps/b -c b.bpf.c -o b.o"}]`)
	write(t, filepath.Join(dir, "a.d"), "a.o: a.bpf.c \\\n inc/one.h with\\ space.h\n\ninc/one.h:\n")
	write(t, filepath.Join(dir, "deps/b"), "b.o: b.bpf.c inc/one.h inc/two.h\n")
	f := new(Finder)
	a := "clang -target bpf -c a.bpf.c -o a.o (DIR/compile_commands.json) DIR/a.o"
	b := "clang -target bpf -MD -MF deps/b -c b.bpf.c -o b.o (DIR/compile_commands.json) DIR/b.o"
	for header, want := range map[string]string{"inc/one.h": a + "\n" + b, "inc/two.h": b, "with space.h": a, "inc/none.h": ""} {
		if got := ask(t, f, dir, header); got != want {
			t.Errorf("%s:\n%s", header, got)
		}
	}
	f.Learn(filepath.Join(dir, "a.bpf.c"), []string{filepath.Join(dir, "a.bpf.c"), filepath.Join(dir, "inc/none.h")})
	if got := ask(t, f, dir, "inc/none.h"); got != a {
		t.Errorf("learned: %s", got)
	}
}

func TestTemplate(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, ".bpfdiag.toml"), "[compile]\ncommand = \"ccache clang --target=bpf '-DA=b c' -c {source} -o {output}\"\n")
	write(t, filepath.Join(dir, "src/a.bpf.c"), "")
	f := new(Finder)
	want := "clang --target=bpf -DA=b c -c DIR/src/a.bpf.c -o DIR/src/a.bpf.o (" + dir + "/.bpfdiag.toml) DIR/src/a.bpf.o"
	if got := ask(t, f, dir, "src/a.bpf.c"); got != strings.ReplaceAll(want, dir, "DIR") {
		t.Errorf("got %s", got)
	}
	write(t, filepath.Join(dir, ".bpfdiag.toml"), "[compile]\nno = 1\n")
	if got := ask(t, f, dir, "src/a.bpf.c"); !strings.HasPrefix(got, `error: DIR/.bpfdiag.toml:2: there is no setting "compile.no"`) {
		t.Errorf("got %s", got)
	}
}

func TestDefaultCommand(t *testing.T) {
	t.Setenv("CLANG", "my-clang")
	dir := t.TempDir()
	for _, f := range []string{".git/HEAD", ".output/bpf/bpf_helpers.h", "vmlinux.h/include/x86_64/vmlinux.h", "include/mine.h"} {
		write(t, filepath.Join(dir, f), "")
	}
	write(t, filepath.Join(dir, "src/a.c"), "#include <bpf/bpf_helpers.h>\n")
	write(t, filepath.Join(dir, "src/user.c"), "int main(void) { return 0; }\n")
	f := new(Finder)
	got := ask(t, f, dir, "src/a.c")
	if m := multiarch(); m != "" {
		got = strings.Replace(got, " -idirafter "+m, "", 1)
	}
	want := "my-clang -g -O2 -Wall --target=bpf -D__TARGET_ARCH_x86 -IDIR/src -IDIR/include -IDIR/vmlinux.h/include/x86_64 -IDIR/.output" +
		" -c DIR/src/a.c -o DIR/src/a.o (default in DIR/src) DIR/src/a.o"
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got := ask(t, f, dir, "src/user.c"); got != "" {
		t.Errorf("a program of the host: %s", got)
	}
	write(t, filepath.Join(dir, ".bpfdiag.toml"), "jit = \"arm64\"\n[compile]\ninclude = [\"x\"]\nflags = [\"-DY\"]\n")
	if got := ask(t, f, dir, "src/a.c"); !strings.Contains(got, "-D__TARGET_ARCH_arm64 -IDIR/x -IDIR/src") || !strings.Contains(got, " -DY -c ") {
		t.Errorf("with settings: %s", got)
	}
}

func TestOfObject(t *testing.T) {
	clang, dir := clang(t), t.TempDir()
	source := filepath.Join(dir, "a b.bpf.c")
	write(t, source, "int f(int x) { return x; }\n")
	f := new(Finder)
	for _, flags := range [][]string{{"-grecord-command-line", `-DX=a "b"`}, nil} {
		r, err := Run(t.Context(), Command{Dir: dir, Source: source, Args: append([]string{clang, "-g", "--target=bpf", "-c", "a b.bpf.c", "-o", "x.o"}, flags...)}, nil)
		if err != nil || r.Object == "" {
			t.Fatalf("%+v, %v", r, err)
		}
		all, err := f.OfObject(r.Object)
		r.Close()
		if err != nil || len(all) != 1 || all[0].Source != source || all[0].Dir != dir {
			t.Fatalf("%q: %+v, %v", flags, all, err)
		}
		if flags != nil && !slices.Contains(all[0].Args, `X=a "b"`) || (all[0].From == DefaultCommand) != (flags == nil) {
			t.Errorf("%q: %+v", flags, all)
		}
	}
}

func TestDependencies(t *testing.T) {
	for text, want := range map[string]string{
		"a.o: a.c b.h \\\n  c\\ d.h e$$f.h\nb.h:\n": "a.c,b.h,c d.h,e$f.h",
		"C:/x/a.o: C:/x/a.c":                        "C:/x/a.c",
		"a.o b.o:\\\r\n a.c\r\n":                    "a.c",
		"":                                          "",
	} {
		if got := strings.Join(parseDependencies(text), ","); got != want {
			t.Errorf("%q: %s", text, got)
		}
	}
}
