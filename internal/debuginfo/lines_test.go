package debuginfo

import "testing"

// The compiler sets the result XDP_PASS before it compares what the lookup
// returned, in front of which nothing in the source does: BTF gives the
// instruction the place of the lookup.
func TestOwnPlace(t *testing.T) {
	o := open(t, recorded)
	in := New(o)
	for _, fn := range o.Functions {
		if fn.Name != "names" {
			continue
		}
		const call, setResult, compare = 7, 8, 9
		for i, want := range map[int]bool{call: true, setResult: false, compare: true} {
			if own, known := in.OwnPlace(fn, i); !known || own != want {
				t.Errorf("instruction %d: %v, %v, want %v", i, own, known, want)
			}
		}
		p, _ := in.Place(fn, setResult)
		if q, _ := in.Place(fn, call); p.Line != q.Line || p.Column != q.Column {
			t.Errorf("the result is at %d:%d, the call at %d:%d", p.Line, p.Column, q.Line, q.Column)
		}
		if _, known := in.OwnPlace(fn, len(fn.Insns)); known {
			t.Error("there is nothing behind the function's end")
		}
		return
	}
	t.Fatal("no function names")
}
