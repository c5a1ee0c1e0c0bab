package rules

import "testing"

func TestBefore(t *testing.T) {
	for _, x := range []struct {
		kernel, version string
		want            bool
	}{
		{"6.1.192", "6.4", true}, {"6.12.117", "6.4", false}, {"6.12.0-rc1", "6.12", false}, {"5.17", "6.1", true},
		{"7.3.4", "6.12", false}, {"", "6.4", false}, {"linux", "6.4", false},
	} {
		c := Case{Kernel: x.kernel}
		if got := c.before(x.version); got != x.want {
			t.Errorf("%q before %q: %v", x.kernel, x.version, got)
		}
	}
}

// What is advised fits the kernel: 6.1 has one of the loops that 6.12 has, and
// of an unknown one nothing is ruled out.
func TestLoopForms(t *testing.T) {
	all := "`bpf_for` (since Linux 6.4), `bpf_loop` (5.17) or `can_loop` (6.9)"
	for kernel, want := range map[string]string{"6.1.192": "`bpf_loop` (since Linux 5.17)", "6.12.117": all, "": all, "6.8": "`bpf_for` (since Linux 6.4) or `bpf_loop` (5.17)"} {
		if got := (&Case{Kernel: kernel}).loopForms(); got != want {
			t.Errorf("%s: %s", kernel, got)
		}
	}
}
