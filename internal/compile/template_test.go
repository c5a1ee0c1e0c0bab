package compile

import (
	"slices"
	"strings"
	"testing"
)

func TestTemplateLine(t *testing.T) {
	for _, c := range []struct {
		text, source, output string
		args                 string // of the command; empty where it is an error
		wantSource, wantOut  string
	}{
		{"clang -O2 --target=bpf -c {source} -o {output}", "/p/x.bpf.c", "", "clang -O2 --target=bpf -c /p/x.bpf.c -o /p/x.bpf.o", "/p/x.bpf.c", "/p/x.bpf.o"},
		{"clang -O2 --target=bpf -Iinc", "/p/x.bpf.c", "/b/x.o", "clang -O2 --target=bpf -Iinc /p/x.bpf.c -c", "/p/x.bpf.c", "/b/x.o"},
		{"ccache clang --target=bpf -c sub/x.c", "", "/b/x.o", "clang --target=bpf -c sub/x.c", "/d/sub/x.c", "/b/x.o"},
		{"clang --target=bpf -c x.c", "/d/x.c", "", "clang --target=bpf -c x.c", "/d/x.c", "/d/x.o"},
		{"clang --target=bpf -c y.c", "/d/x.c", "", "", "", ""},
		{"clang --target=bpf -c y.c z.c", "", "", "", "", ""},
		{"clang -c {source}", "", "/b/x.o", "", "", ""},
		{"clang -O2", "", "/b/x.o", "", "", ""},
		{"", "/d/x.c", "", "", "", ""},
	} {
		got, err := Template(c.text, c.source, c.output, "/d")
		if (err != nil) != (c.args == "") {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		if err == nil && (!slices.Equal(got.Args, strings.Fields(c.args)) || got.Source != c.wantSource || got.Output != c.wantOut) {
			t.Errorf("%s: %+v", c.text, got)
		}
	}
}
