package compile

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func parse(t *testing.T, command string) *Line {
	t.Helper()
	l, err := ParseLine(SplitWords(command), "/d")
	if err != nil {
		t.Fatalf("%s: %v", command, err)
	}
	return l
}

func TestParseLine(t *testing.T) {
	for command, want := range map[string]Line{
		"clang -g -O2 --target=bpf -c x.bpf.c -o x.o":        {Mode: Object, Inputs: []Input{{"x.bpf.c", ""}}, Output: "x.o", Target: "bpf", Debug: true},
		"clang -target bpf -I inc -Iinc2 -c x.c":             {Mode: Object, Inputs: []Input{{"x.c", ""}}, Target: "bpf"},
		"clang -E -dM -x c /dev/null -o-":                    {Mode: Preprocess, Inputs: []Input{{"/dev/null", "c"}}, Output: "-"},
		"clang -MM x.c":                                      {Mode: Preprocess, Inputs: []Input{{"x.c", ""}}},
		"clang -c -S x.c":                                    {Mode: Assembly, Inputs: []Input{{"x.c", ""}}},
		"clang a.o b.o -lelf -L lib -o prog -Wl,-rpath,/x":   {Mode: Link, Inputs: []Input{{"a.o", ""}, {"b.o", ""}}, Output: "prog"},
		"clang --version":                                    {Mode: Nothing},
		"clang -print-file-name=include":                     {Mode: Nothing},
		"clang -v -E - ":                                     {Mode: Preprocess, Inputs: []Input{{"-", ""}}},
		"clang -xc -c -MD -MF x.d -MTx.o -isystem d -- -y.c": {Mode: Object, Inputs: []Input{{"-y.c", "c"}}},
		"clang -target bpf -emit-llvm -c x.c -o -":           {Mode: Object, Inputs: []Input{{"x.c", ""}}, Output: "-", Target: "bpf", Bitcode: true},
		"clang -flto=thin -fno-lto -c x.c":                   {Mode: Object, Inputs: []Input{{"x.c", ""}}},
		"clang -g -g0 -gz -c x.c":                            {Mode: Object, Inputs: []Input{{"x.c", ""}}},
		"clang -gdwarf-5 -gno-column-info -mllvm -x -c x.c":  {Mode: Object, Inputs: []Input{{"x.c", ""}}, Debug: true},
		"clang -DA=b -D C=d -Dtarget=bpf -c x.c -oy.o":       {Mode: Object, Inputs: []Input{{"x.c", ""}}, Output: "y.o"},
		"clang -Xclang -target -Xclang bpf --sysroot /s a.c": {Inputs: []Input{{"a.c", ""}}},
	} {
		got := parse(t, command)
		got.Compiler, got.Args, got.Launcher = "", nil, nil
		if !reflect.DeepEqual(got, &want) {
			t.Errorf("%s\ngot  %+v\nwant %+v", command, *got, want)
		}
	}
}

func TestBPF(t *testing.T) {
	for command, want := range map[string]bool{
		"clang --target=bpf -c x.c":                     true,
		"clang --target=bpfel-unknown-none -c x.c":      true,
		"clang -target bpf x.c":                         true,
		"/usr/bin/bpf-unknown-none-gcc -c x.c":          true,
		"bpf-gcc -c x.c":                                true,
		"clang -c bpf.c -Ibpf":                          false,
		"clang --target=x86_64-linux-gnu -c x.c":        false,
		"clang --target=bpf --target=aarch64 -c x.c":    false,
		"bpf -c x.c":                                    false,
		"ccache max_size=1G clang --target=bpf -c x.c":  true,
		"env -i A=b nice -n 5 clang -target bpf -c x.c": true,
		"bpfdiag cc --warn -- clang -target bpf -c x.c": true,
	} {
		if got := parse(t, command).BPF(); got != want {
			t.Errorf("%s: %v", command, got)
		}
	}
	for _, command := range []string{"", "ccache", "bpfdiag cc", "env A=b", "nice -n"} {
		if l, err := ParseLine(SplitWords(command), "/d"); err == nil {
			t.Errorf("%q: %+v", command, l)
		}
	}
}

func TestCommands(t *testing.T) {
	l := parse(t, "ccache clang -g --target=bpf -Iinc -c a.bpf.c sub/b.bpf.c lib.o -x c c.inc")
	var got []string
	for _, c := range l.Commands("/d", "here") {
		got = append(got, strings.Join(c.Args, " ")+" | "+c.Source+" "+c.Output)
	}
	want := []string{
		"clang -g --target=bpf -Iinc -c a.bpf.c -x c | /d/a.bpf.c /d/a.bpf.o",
		"clang -g --target=bpf -Iinc -c sub/b.bpf.c -x c | /d/sub/b.bpf.c /d/b.bpf.o",
		"clang -g --target=bpf -Iinc -c -x c c.inc | /d/c.inc /d/c.o",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	for _, other := range []string{"clang -c a.c", "clang -S --target=bpf a.c", "clang -c --target=bpf -flto a.c", "clang -c --target=bpf -", "clang -c --target=bpf a.S"} {
		if all := parse(t, other).Commands("/d", ""); len(all) > 0 {
			t.Errorf("%s: %+v", other, all)
		}
	}
}

func TestResponseFiles(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a.rsp"), `-DX="a b" '-DY=c d' -DZ=e\ f @b.rsp`)
	write(t, filepath.Join(dir, "b.rsp"), "-c\nx.c\n")
	l, err := ParseLine([]string{"clang", "@a.rsp", "@none", "-o", "x.o"}, dir)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"-DX=a b", "-DY=c d", "-DZ=e f", "-c", "x.c", "@none", "-o", "x.o"}
	if !reflect.DeepEqual(l.Args, want) {
		t.Errorf("%q", l.Args)
	}
	write(t, filepath.Join(dir, "loop.rsp"), "@loop.rsp @loop.rsp")
	if _, err := ParseLine([]string{"clang", "@loop.rsp"}, dir); err == nil || !strings.Contains(err.Error(), "name each other") {
		t.Errorf("a loop: %v", err)
	}
}

func TestSplitWords(t *testing.T) {
	for text, want := range map[string][]string{
		`a  b`:                  {"a", "b"},
		`"a b"c 'd e' "" x\ y`:  {"a bc", "d e", "", "x y"},
		`'a\b' "a\b" "a\"b" \"`: {`a\b`, `a\b`, `a"b`, `"`},
		"a\\\nb 'c":             {"ab", "c"},
		`-DX=\"s\"`:             {`-DX="s"`},
	} {
		if got := SplitWords(text); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %q", text, got)
		}
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
