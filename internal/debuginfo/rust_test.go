package debuginfo

import "testing"

// TestRust: names, types and expressions as Rust spells them.
func TestRust(t *testing.T) {
	in := New(open(t, "testdata/names-rust.bpf.o"))
	fn := in.obj.Program("prog")
	got := map[string]string{}
	for i := range fn.Insns {
		if a, ok := in.Access(fn, i); ok {
			got[a.Target.Expr] = a.Target.Type.String() + " by " + a.Pointer.Type.String()
		}
	}
	for expr, want := range map[string]string{
		"(*ctx).data_end":  "u32 by *mut names::XdpMd",
		"(*stats).packets": "u32 by *mut names::Stats",
		"(*stats).bytes":   "u64 by *mut names::Stats",
	} {
		if got[expr] != want {
			t.Errorf("%s: %q, want %q (%v)", expr, got[expr], want, got)
		}
	}
	if u, _ := in.Unit(fn); !u.Rust {
		t.Errorf("%+v", u)
	}
	inlined := false
	for i := range fn.Insns {
		p, _ := in.Place(fn, i)
		inlined = inlined || p.Function == "add" && len(p.Inlined) == 1 && p.Inlined[0].Caller == "prog"
	}
	if !inlined {
		t.Error("nothing is inlined from add")
	}
}
