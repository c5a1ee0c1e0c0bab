package object

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the goldens anew")

// TestReads shows what the reader finds in an object.
func TestReads(t *testing.T) {
	for _, path := range glob(t, "testdata/*.bpf.o") {
		t.Run(filepath.Base(path), func(t *testing.T) {
			o, err := Open(path)
			if err != nil {
				t.Fatal(err)
			}
			golden(t, strings.TrimSuffix(path, ".o")+".golden", describe(o))
		})
	}
}

func glob(t *testing.T, pattern string) []string {
	t.Helper()
	paths, err := filepath.Glob(pattern)
	if err != nil || len(paths) == 0 {
		t.Fatalf("%s: no files (%v)", pattern, err)
	}
	return paths
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; got:\n%s", path, got)
	}
}

// describe lists an object's contents in words.
func describe(o *Object) string {
	var b strings.Builder
	fmt.Fprintf(&b, "object %s license %q\n", o.Name, o.License)
	for _, f := range o.Functions {
		kind := "subprogram"
		if o.Program(f.Name) == f {
			kind = "program"
		}
		fmt.Fprintf(&b, "%s %s section %q insns %d global %v hidden %v\n", kind, f.Name, f.Section, len(f.Insns), f.Global, f.Hidden)
		for _, r := range f.Relocs {
			to := ""
			switch {
			case r.Map != nil:
				to = r.Map.Name
			case r.Extern != nil:
				to = r.Extern.Name
			}
			fmt.Fprintf(&b, "  insn %d: %s %s+%d\n", r.Insn, [...]string{"map", "data", "extern call", "extern address", "call", "function address", "jump table"}[r.Kind], to, r.Offset)
		}
		for _, r := range o.CORERelocations(f) {
			fmt.Fprintf(&b, "  insn %d: CO-RE %s\n", r.Insn, r.Name)
		}
		if pos, ok := o.Position(f, 0); ok {
			fmt.Fprintf(&b, "  from %s:%d:%d %q\n", filepath.Base(pos.File), pos.Line, pos.Column, pos.Text)
		}
	}
	for _, m := range o.Maps {
		fmt.Fprintf(&b, "map %s type %v key %d value %d entries %d flags %#x data %q", m.Name, m.Type, m.KeySize, m.ValueSize, m.MaxEntries, m.Flags, m.Data)
		if m.Inner != nil {
			fmt.Fprintf(&b, " inner %v/%d", m.Inner.Type, m.Inner.ValueSize)
		}
		for _, s := range m.Slots {
			switch {
			case s.Map != nil:
				fmt.Fprintf(&b, " [%d]=%s", s.Index, s.Map.Name)
			case s.Program != nil:
				fmt.Fprintf(&b, " [%d]=%s", s.Index, s.Program.Name)
			}
		}
		fmt.Fprintln(&b)
		if m.StructOps != nil {
			for _, sm := range m.StructOps.Members {
				if sm.Program != nil {
					fmt.Fprintf(&b, "  .%s = %s\n", sm.Name, sm.Program.Name)
				}
			}
		}
	}
	for _, e := range o.Externs {
		fmt.Fprintf(&b, "extern %s kind %s weak %v kernel name %s offset %d size %d\n", e.Name,
			[...]string{"kconfig", "kfunc", "variable", "address"}[e.Kind], e.Weak, e.KernelName(), e.Offset, e.Size)
	}
	if k := o.KernelBTF(); k != nil {
		for id := uint32(1); int(id) < k.Len(); id++ {
			if k.Kind(id) != KindDatasec {
				continue
			}
			fmt.Fprintf(&b, "kernel section %s:", k.Name(id))
			for _, v := range k.Members(id) {
				fmt.Fprintf(&b, " %s@%d+%d", v.Name, v.Offset, v.Size)
			}
			fmt.Fprintln(&b)
		}
	}
	return b.String()
}

// TestBadObjects: every file that is no usable object gets an error that says
// what it is.
func TestBadObjects(t *testing.T) {
	good, err := os.ReadFile("testdata/kitchen.bpf.o")
	if err != nil {
		t.Fatal(err)
	}
	changed := func(at int, b byte) []byte {
		c := append([]byte(nil), good...)
		c[at] = b
		return c
	}
	for _, c := range []struct {
		name string
		data []byte
		want string
	}{
		{"empty", nil, "is empty"},
		{"text", []byte("int main;"), "is not an ELF file"},
		{"header only", good[:40], "is truncated"},
		{"32 bits", changed(4, 1), "not a 64-bit ELF file"},
		{"another machine", changed(18, 62), "EM_X86_64"},
		{"big-endian", append(append(append([]byte(nil), good[:5]...), 2), bigEndianRest(good)...), "big-endian"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := Parse("x.o", c.data); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one with %q", err, c.want)
			}
		})
	}
}

func bigEndianRest(good []byte) []byte {
	rest := append([]byte(nil), good[6:]...)
	rest[18-6], rest[19-6] = 0, 247 // e_machine
	return rest
}

// TestTruncated: an object that is cut anywhere is an error or a smaller
// object, never a crash.
func TestTruncated(t *testing.T) {
	good, err := os.ReadFile("testdata/kitchen.bpf.o")
	if err != nil {
		t.Fatal(err)
	}
	for i := range 50 {
		o, err := Parse("x.o", good[:len(good)*i/50])
		if err == nil && len(o.Functions) == 0 {
			t.Errorf("cut at %d/50: neither an error nor a function", i)
		}
	}
}

// FuzzParse feeds damaged objects to all that reads them.
func FuzzParse(f *testing.F) {
	paths, _ := filepath.Glob("testdata/*.bpf.o")
	for _, p := range paths {
		data, err := os.ReadFile(p)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		o, err := Parse("x.o", data)
		if err != nil {
			return
		}
		describe(o)
		var in Info
		for _, fn := range o.Functions {
			o.AppendFuncInfo(&in, fn, 0)
			o.AppendLineInfo(&in, fn, 0)
			o.FuncType(fn)
		}
		if o.BTF != nil {
			o.WithContextTags(Info{}, "__sk_buff")
			if _, err := ParseBTF(o.KernelBTF().Encode()); err != nil {
				t.Errorf("own BTF does not parse: %v", err)
			}
		}
	})
}

// TestSetText: lines are those of the text that was compiled, not of the file.
func TestSetText(t *testing.T) {
	o, err := Open(glob(t, "testdata/*.bpf.o")[0])
	if err != nil {
		t.Fatal(err)
	}
	f := o.Programs()[0]
	was, ok := o.Position(f, 0)
	if !ok {
		t.Fatal("no line")
	}
	o.SetText(map[string]string{filepath.Clean(was.File): strings.Repeat("other\r\n", was.Line)})
	is, _ := o.Position(f, 0)
	if was.Text = "other"; is != was {
		t.Errorf("got %+v, want %+v", is, was)
	}
	if b := o.KernelBTF(); !strings.Contains(string(b.Encode()), "\x00other\x00") {
		t.Error("the kernel is not given the line")
	}
}
