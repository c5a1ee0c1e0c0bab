package compile

import (
	"strings"
	"testing"
)

func FuzzParseLine(f *testing.F) {
	f.Add("clang -g -O2 --target=bpf -MD -MF x.d -c 'a b.c' -o x.o")
	f.Add("ccache env A=b bpfdiag cc -- clang -x c - -- -y.c @none")
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, command string) {
		words := SplitWords(command)
		l, err := ParseLine(words, dir)
		if err != nil {
			return
		}
		// No word is lost or made up.
		var seen int
		scan(l.Args, func(o option) { seen += len(o.words) })
		for _, a := range l.Args {
			if a == "--" {
				seen++
				break
			}
		}
		if seen < len(l.Args) {
			t.Errorf("%q: %d of %d words", l.Args, seen, len(l.Args))
		}
		for _, c := range l.Commands(dir, "") {
			again, err := ParseLine(c.Args, dir)
			if err != nil || len(again.Inputs) == 0 {
				t.Errorf("%q: %v", c.Args, err)
			}
		}
		privateArgs(l.Args)
	})
}

func FuzzDatabase(f *testing.F) {
	f.Add(`[{"directory": "/d", "file": "a.c", "command": "clang -target bpf -c a.c -o a.o"}]`)
	f.Add(`[{"file": "a.c", "arguments": ["clang", "--target=bpf", "-c", "a.c"], "output": "b"}]`)
	f.Fuzz(func(t *testing.T, text string) {
		db, err := parseDatabase("/d/compile_commands.json", []byte(text))
		if err != nil {
			return
		}
		for source, all := range db.commands {
			for _, c := range all {
				if c.Source != source || c.Output == "" || len(c.Args) == 0 {
					t.Errorf("%+v", c)
				}
			}
		}
	})
}

func FuzzDependencies(f *testing.F) {
	f.Add("a.o: a.c b\\ c.h \\\n d.h\n")
	f.Fuzz(func(t *testing.T, text string) {
		for _, file := range parseDependencies(text) {
			if file == "" || len(file) > len(text) {
				t.Errorf("%q", file)
			}
		}
	})
}

func FuzzParts(f *testing.F) {
	f.Add("x.c:1:2: error: a\nfatal error: error in backend: b, x.c:1:2\nIn function: f\n1 error generated.\n")
	f.Fuzz(func(t *testing.T, text string) {
		whole := ""
		for _, p := range Parts(text, "/d") {
			whole += p.Text
		}
		if whole != text {
			t.Errorf("%q", whole)
		}
	})
}

func FuzzMessages(f *testing.F) {
	f.Add("x.c:1:2: error: in function f i32 (ptr): too many args [-Wx]\n")
	f.Fuzz(func(t *testing.T, text string) {
		for _, m := range Messages(text, "/d") {
			if m.Line < 0 || m.Severity == "" || !strings.Contains(text, m.Raw) {
				t.Errorf("%+v", m)
			}
		}
	})
}
