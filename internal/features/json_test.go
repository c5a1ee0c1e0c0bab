package features

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"github.com/bpfdiag/bpfdiag/diag"
)

// TestJSONBound: whatever the bound, the document is valid, within it, and counts the
// names that it lacks; or the error says what is enough.
func TestJSONBound(t *testing.T) {
	k := &Kernel{Release: "6.12.1", JIT: "x86-64"}
	for i := range 3 {
		p := Program{Sections: []string{fmt.Sprintf("s%d", i)}, Type: fmt.Sprintf("t%d", i), Context: &Context{Name: "struct c"}}
		for j := range 20 * (i + 1) {
			p.Helpers = append(p.Helpers, fmt.Sprintf("bpf_helper_%d", j))
			p.Context.Fields = append(p.Context.Fields, Field{Name: fmt.Sprintf("f%d", j), Size: 4, Read: "scalar"})
		}
		k.Programs = append(k.Programs, p)
	}
	for j := range 60 {
		k.Helpers = append(k.Helpers, Function{Name: fmt.Sprintf("bpf_helper_%d", j), Kind: Helper, Flags: []string{"gpl"}})
	}
	r := &Report{Kernels: []diag.Kernel{{Series: "6.12"}}, answers: []*Kernel{k}}
	whole, err := r.JSON(1<<20, "ask less")
	if err != nil {
		t.Fatal(err)
	}
	all := count(t, whole)
	last := -1
	for max := 50; max < len(whole)+100; max += 37 {
		b, err := r.JSON(max, "ask less")
		var small *diag.BoundError
		if errors.As(err, &small) {
			if _, err := r.JSON(small.Least+8, "ask less"); small.Least <= max || err != nil {
				t.Errorf("%d: %v, then %v", max, small, err)
			}
			continue
		}
		if err != nil || len(b) > max {
			t.Fatalf("%d: %d bytes, %v", max, len(b), err)
		}
		var d struct {
			LeftOut *leftOut `json:"left_out"`
		}
		if err := json.Unmarshal(b, &d); err != nil {
			t.Fatal(err)
		}
		n, left := count(t, b), 0
		if d.LeftOut != nil {
			left = d.LeftOut.Names
		}
		if n+left != all || n < last || (d.LeftOut == nil) != (string(b) == string(whole)) {
			t.Errorf("%d: %d names and %d left out of %d", max, n, left, all)
		}
		last = n
	}
	if last != all {
		t.Errorf("%d of %d names", last, all)
	}
}

// count counts the names in all lists of a document.
func count(t *testing.T, b []byte) int {
	var d struct {
		Kernels []struct {
			Common   struct{ Helpers []string }
			Flags    map[string][]string
			Programs []struct {
				Helpers []string
				Context struct{ Fields []Field }
			}
		}
	}
	if err := json.Unmarshal(b, &d); err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, k := range d.Kernels {
		n += len(k.Common.Helpers)
		for _, list := range k.Flags {
			n += len(list)
		}
		for _, p := range k.Programs {
			n += len(p.Helpers) + len(p.Context.Fields)
		}
	}
	return n
}
