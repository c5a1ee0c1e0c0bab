package debuginfo

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/bpfdiag/bpfdiag/internal/object"
)

// recorded is testdata/names.bpf.c as clang 22 compiled it (see there).
const recorded = "testdata/names.bpf.o"

// clangs lists the compilers to test with.
func clangs(t *testing.T) []string {
	t.Helper()
	var out []string
	for _, c := range []string{os.Getenv("CLANG"), "clang-14", "clang-16", "clang-18", "clang-19", "clang-20", "clang-22", "clang-23"} {
		if path, err := exec.LookPath(c); c != "" && err == nil {
			out = append(out, path)
		}
	}
	if len(out) == 0 {
		if os.Getenv("CI") != "" {
			t.Fatal("no clang")
		}
		t.Skip("no clang")
	}
	return out
}

func open(t *testing.T, path string) *object.Object {
	t.Helper()
	o, err := object.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// wants reads the comments of a source: line → what accesses may be called.
func wants(t *testing.T) (targets, bases map[int][]string) {
	t.Helper()
	src, err := os.ReadFile("testdata/names.bpf.c")
	if err != nil {
		t.Fatal(err)
	}
	targets, bases = map[int][]string{}, map[int][]string{}
	for i, line := range strings.Split(string(src), "\n") {
		if _, want, ok := strings.Cut(line, "// want: "); ok {
			want, base, _ := strings.Cut(want, " base: ")
			targets[i+1] = strings.Split(want, ", ")
			bases[i+1] = strings.Split(base, ", ")
		}
	}
	return targets, bases
}

// checkNames compares the names of all accesses with the source's comments.
func checkNames(t *testing.T, o *object.Object) {
	targets, bases := wants(t)
	in := New(o)
	if err := in.DWARF(); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, fn := range o.Functions {
		for i := range fn.Insns {
			a, ok := in.Access(fn, i)
			if !ok {
				continue
			}
			p, ok := in.Place(fn, i)
			if !ok || targets[p.Line] == nil {
				t.Errorf("%s %d: access at line %d, which says nothing of it", fn.Name, i, p.Line)
				continue
			}
			if !contains(targets[p.Line], a.Target.Expr) || a.Target.Likely || a.Target.How == From {
				t.Errorf("%s %d, line %d: reaches %+v, want one of %q", fn.Name, i, p.Line, a.Target, targets[p.Line])
			}
			if a.Base != framePointer && !contains(bases[p.Line], a.Pointer.Expr) {
				t.Errorf("%s %d, line %d: base is %+v, want one of %q", fn.Name, i, p.Line, a.Pointer, bases[p.Line])
			}
			seen[a.Target.Expr] = true
		}
	}
	for _, e := range []string{"stats->packets", "stats->in.b[2]", "table[3]", "event.pid", "c->data_end", "key"} {
		if !seen[e] {
			t.Errorf("nothing reaches %s", e)
		}
	}
}

func contains(list []string, s string) bool {
	for _, e := range list {
		if e == s {
			return true
		}
	}
	return false
}

// TestNames: every access has its true name, with every compiler and form of DWARF.
func TestNames(t *testing.T) {
	t.Run("recorded", func(t *testing.T) { checkNames(t, open(t, recorded)) })
	t.Run("compiled", func(t *testing.T) {
		for _, clang := range clangs(t) {
			for _, flags := range []string{"-g", "-gdwarf-4", "-g -gz=zlib", "-g -mcpu=v1", "-g -mcpu=v3"} {
				t.Run(filepath.Base(clang)+" "+flags, func(t *testing.T) {
					out := filepath.Join(t.TempDir(), "names.bpf.o")
					args := append(strings.Fields(flags), "-O2", "--target=bpf", "-c", "testdata/names.bpf.c", "-o", out)
					if msg, err := exec.Command(clang, args...).CombinedOutput(); err != nil {
						t.Fatalf("%v\n%s", err, msg)
					}
					checkNames(t, open(t, out))
				})
			}
		}
	})
}

// accessAt returns a function of an object and its first access of the line
// that begins with a text.
func accessAt(t *testing.T, in *Info, name, text string) (*object.Function, int) {
	t.Helper()
	src, err := os.ReadFile("testdata/names.bpf.c")
	if err != nil {
		t.Fatal(err)
	}
	before, _, _ := strings.Cut(string(src), "\t"+text)
	line := strings.Count(before, "\n") + 1
	for _, fn := range in.obj.Functions {
		if fn.Name != name {
			continue
		}
		for i := range fn.Insns {
			if p, _ := in.Place(fn, i); p.Line == line {
				if _, ok := in.Access(fn, i); ok {
					return fn, i
				}
			}
		}
	}
	t.Fatalf("%s: no access at %q", name, text)
	return nil, 0
}

func TestRegister(t *testing.T) {
	in := New(open(t, recorded))
	fn, i := accessAt(t, in, "names", "stats->packets++")
	names := in.Register(fn, i, 0)
	if len(names) == 0 || names[0].Expr != "stats" || names[0].Type.String() != "struct stats *" || names[0].How != Held || names[0].Call < 0 {
		t.Errorf("r0: %+v", names)
	}
	names = in.Register(fn, 0, 1)
	if len(names) != 1 || names[0].Expr != "ctx" || names[0].Type.String() != "struct xdp_md *" || names[0].Param != 1 {
		t.Errorf("r1: %+v", names)
	}
	if names := in.Register(fn, i, 9); len(names) > 0 {
		t.Errorf("r9: %+v", names)
	}
}

func TestInlined(t *testing.T) {
	in := New(open(t, recorded))
	fn, i := accessAt(t, in, "names", "s->bytes += n")
	p, ok := in.Place(fn, i)
	if !ok || p.Function != "add" || len(p.Inlined) != 1 {
		t.Fatalf("%+v", p)
	}
	if c := p.Inlined[0]; c.Function != "add" || c.Caller != "names" || filepath.Base(c.File) != "names.bpf.c" || c.Line != 83 || c.Column != 2 {
		t.Errorf("%+v", c)
	}
}

// TestPadding: which bytes of the stack are which member, and which are none.
func TestPadding(t *testing.T) {
	in := New(open(t, recorded))
	fn, i := accessAt(t, in, "padding", "event.cpu = 4")
	var b strings.Builder
	for _, p := range in.Stack(fn, i, -32, 32) {
		fmt.Fprintf(&b, "%d..%d %s (%s) padding %v likely %v\n", p.From, p.To, p.Expr, p.Type, p.Padding, p.Likely)
	}
	want := `-32..-30 event.kind (__u16) padding false likely false
-30..-28 event (struct event) padding true likely false
-28..-24 event.pid (__u32) padding false likely false
-24..-16 event.time (__u64) padding false likely false
-16..-12 event.cpu (__u32) padding false likely false
-12..-8 event (struct event) padding true likely false
-8..-4  () padding false likely false
-4..0 key (__u32) padding false likely false
`
	if b.String() != want {
		t.Errorf("got:\n%swant:\n%s", b.String(), want)
	}
	if use, depth := in.StackUse(fn); depth != 32 || len(use) != 2 || use[0].Name != "event" || use[0].Offset != -32 || use[0].Size != 24 {
		t.Errorf("%+v of %d", use, depth)
	}
}

// TestVariables: what is in scope, and where.
func TestVariables(t *testing.T) {
	in := New(open(t, recorded))
	fn, i := accessAt(t, in, "names", "stats->packets++")
	got := map[string]Location{}
	for _, v := range in.Variables(fn, i) {
		if len(v.Locations) == 1 {
			got[v.Type.Declare(v.Name)] = v.Locations[0]
		}
	}
	for decl, want := range map[string]Location{
		"struct xdp_md *ctx":  {Kind: InRegister, Register: 6},
		"struct stats *stats": {Kind: InRegister},
		"__u32 key":           {Kind: OnStack, Offset: -4},
	} {
		if l := got[decl]; l.Kind != want.Kind || l.Register != want.Register || l.Offset != want.Offset {
			t.Errorf("%s: %+v, want %+v", decl, l, want)
		}
	}
}

func TestUnit(t *testing.T) {
	in := New(open(t, recorded))
	fn := in.obj.Functions[0]
	u, ok := in.Unit(fn)
	if !ok || !strings.Contains(u.Producer, "clang version 22") || u.Name != "names.bpf.c" || u.Dir != "/build" || u.Rust {
		t.Errorf("%+v", u)
	}
	if all := Units(in.obj); len(all) != 1 || all[0].Name != u.Name || !slices.Contains(all[0].Files, "/build/names.bpf.c") {
		t.Errorf("units: %+v", all)
	}
	for file, want := range map[string]string{"names.bpf.c": "/build/names.bpf.c", "/x/y.h": "/x/y.h", "": ""} {
		if got := in.Resolve(fn, file); got != want {
			t.Errorf("%q resolves to %q", file, got)
		}
	}
}

// without returns the recorded object with the names of some sections spoilt.
func without(t *testing.T, names ...string) *object.Object {
	t.Helper()
	data, err := os.ReadFile(recorded)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range names {
		data = bytes.ReplaceAll(data, []byte(n), append([]byte(".x"), n[2:]...))
	}
	o, err := object.Parse("names.bpf.o", data)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// TestStripped: what is known without DWARF, and without anything.
func TestStripped(t *testing.T) {
	in := New(without(t, ".debug_"))
	if in.DWARF() == nil {
		t.Fatal("there is DWARF")
	}
	fn := in.obj.Program("names")
	found := map[string]bool{}
	for i := range fn.Insns {
		if a, ok := in.Access(fn, i); ok {
			found[a.Target.Expr] = true
			if a.Target.Likely {
				t.Errorf("%d: %+v", i, a.Target)
			}
		}
	}
	for _, e := range []string{"ctx->ingress_ifindex", "total", "table[3]"} {
		if !found[e] {
			t.Errorf("nothing reaches %s, only %v", e, found)
		}
	}
	if p, ok := in.Place(fn, 3); !ok || p.Line == 0 || p.Function != "names" {
		t.Errorf("%+v", p)
	}

	in = New(without(t, ".debug_", ".BTF"))
	fn = in.obj.Functions[0]
	for i := range fn.Insns {
		in.Access(fn, i)
		if _, ok := in.Place(fn, i); ok || len(in.Register(fn, i, 1)) > 0 || len(in.Variables(fn, i)) > 0 {
			t.Fatal("something is known of nothing")
		}
	}
}
