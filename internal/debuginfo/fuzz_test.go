package debuginfo

import (
	"os"
	"testing"

	"github.com/bpfdiag/bpfdiag/internal/object"
)

// FuzzDebugInfo asks everything of damaged objects: the bytes at some places
// of a good one are others, which keeps most of it whole.
func FuzzDebugInfo(f *testing.F) {
	good, err := os.ReadFile(recorded)
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte{})
	f.Add([]byte{0, 0, 0xff})
	f.Add([]byte{0x0c, 0x00, 0x80, 0x10, 0x00, 0x7f, 0x0f, 0xf0, 0xff})
	f.Fuzz(func(t *testing.T, edits []byte) {
		data := append([]byte(nil), good...)
		for ; len(edits) >= 3 && len(edits) < 3*256; edits = edits[3:] {
			at := (int(edits[0])<<8 | int(edits[1])) % len(data)
			data[at] = edits[2]
		}
		o, err := object.Parse("x.bpf.o", data)
		if err != nil {
			return
		}
		askEverything(t, o)
	})
}

func askEverything(t *testing.T, o *object.Object) {
	in := New(o)
	for _, fn := range o.Functions {
		in.Unit(fn)
		if len(fn.Insns) > 1000 {
			continue
		}
		uses, _ := in.StackUse(fn)
		for _, u := range uses {
			_ = u.Type.Declare(u.Name)
		}
		for i := range fn.Insns {
			in.Place(fn, i)
			in.OwnPlace(fn, i)
			if a, ok := in.Access(fn, i); ok && a.Target.How == 0 && a.Target.Expr != "" {
				t.Fatalf("a name from nowhere: %+v", a)
			}
			for r := range 11 {
				for _, n := range in.Register(fn, i, r) {
					_ = n.Type.String()
				}
			}
			in.Stack(fn, i, -stackLimit, stackLimit)
			in.Variables(fn, i)
		}
	}
}

// TestDamaged cuts and overwrites the debug sections at regular distances.
func TestDamaged(t *testing.T) {
	good, err := os.ReadFile(recorded)
	if err != nil {
		t.Fatal(err)
	}
	for at := 64; at < len(good); at += 61 {
		data := append([]byte(nil), good...)
		data[at] ^= 0xff
		if o, err := object.Parse("x.bpf.o", data); err == nil {
			askEverything(t, o)
		}
	}
}
