package config

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	c, err := Parse("/p/.bpfdiag.toml", []byte(`
kernels = ["6.12", "6.1"]
jit = "arm64"
source-roots = ["src", "/abs"]
objects = ["target/*/*.o"]
[compile]
command = "clang --target=bpf -c {source} -o {output}"
include = ["include"]
flags = ["-DX"]
database = "out/compile_commands.json"
[cc]
warn = true
flags = ["--timeout=5m"]
`))
	if err != nil {
		t.Fatal(err)
	}
	want := &Config{Path: "/p/.bpfdiag.toml", Kernels: []string{"6.12", "6.1"}, JIT: "arm64",
		SourceRoots: []string{"/p/src", "/abs"}, Objects: []string{"/p/target/*/*.o"},
		Compile: Compile{Command: "clang --target=bpf -c {source} -o {output}", Include: []string{"/p/include"},
			Flags: []string{"-DX"}, Database: "/p/out/compile_commands.json"},
		CC: CC{Warn: true, Flags: []string{"--timeout=5m"}}}
	if !reflect.DeepEqual(c, want) {
		t.Errorf("got  %+v\nwant %+v", c, want)
	}
}

func TestErrorsNameTheLine(t *testing.T) {
	for text, want := range map[string]string{
		"jit = \"none\"\nkernel = \"6.12\"\n":       `f:2: there is no setting "kernel"; those that exist: kernels, `,
		"[compile]\nincludes = []\n":                `f:2: there is no setting "compile.includes"`,
		"kernels = 3\n":                             `f:1:11: cannot decode TOML integer into`,
		"kernels = [\"a\"\n[x":                      `f:2:`,
		"[compile]\ncommand = \"cc -o {output}\"\n": `f: compile.command: it lacks {source}, the file to compile`,
		"[compile]\ncommand = \"cc -c {source}\"\n": `f: compile.command: it lacks {output}, the object to make (-o {output})`,
		"objects = [\"[\"]\n":                       `f: objects: "[": syntax error in pattern`,
	} {
		_, err := Parse("f", []byte(text))
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

// The list in the message is that of the struct.
func TestSettingsAreListed(t *testing.T) {
	var all []string
	var walk func(reflect.Type, string)
	walk = func(typ reflect.Type, prefix string) {
		for f := range typ.Fields() {
			name := f.Tag.Get("toml")
			switch {
			case name == "-":
			case f.Type.Kind() == reflect.Struct:
				walk(f.Type, name+".")
			default:
				all = append(all, prefix+name)
			}
		}
	}
	walk(reflect.TypeFor[Config](), "")
	if got := strings.Join(all, ", "); got != settings {
		t.Errorf("settings are %s", got)
	}
}

func TestFindNearest(t *testing.T) {
	dir := t.TempDir()
	deep := filepath.Join(dir, "a", "b")
	if err := os.MkdirAll(deep, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, Name), []byte("jit = \"none\"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	c, err := Find(deep)
	if err != nil || c == nil || c.JIT != "none" || c.Dir() != dir {
		t.Errorf("%+v, %v", c, err)
	}
	if err := os.WriteFile(filepath.Join(deep, Name), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if c, err = Find(deep); err != nil || c.JIT != "" || c.Dir() != deep {
		t.Errorf("the nearer file does not count: %+v, %v", c, err)
	}
}

// Settings in a folder that everybody may write to are nobody's.
func TestPublicFolders(t *testing.T) {
	dir := t.TempDir()
	below := filepath.Join(dir, "a")
	if err := os.Mkdir(below, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, Name), []byte("jit = \"none\"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	if c, err := Find(below); c != nil || err != nil {
		t.Errorf("%+v, %v", c, err)
	}
	if c, err := Find(dir); c == nil || err != nil {
		t.Errorf("who works there himself has them: %+v, %v", c, err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("kernels = [\"6.12\"]\n[compile]\ncommand = \"clang -c {source} -o {output}\"\n")
	f.Fuzz(func(t *testing.T, text string) {
		if c, err := Parse("/f", []byte(text)); (c == nil) == (err == nil) {
			t.Errorf("%v, %v", c, err)
		}
	})
}
