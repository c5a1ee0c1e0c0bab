package signatures

import (
	"slices"
	"testing"
)

// TestFind: declarations of the kernel's, as a call needs them.
func TestFind(t *testing.T) {
	for _, c := range []struct {
		name   string
		n      int
		param  Param
		sleeps bool
	}{
		{"bpf_map_lookup_elem", 2, Param{"key", "const void *"}, false},
		{"bpf_trace_printk", 2, Param{"fmt_size", "u32"}, false},
		{"bpf_ktime_get_ns", 0, Param{}, false},
		{"bpf_rbtree_add_impl", 5, Param{"less", "bool (*)(struct bpf_rb_node *a, const struct bpf_rb_node *b)"}, false},
		{"bpf_dynptr_slice", 4, Param{"buffer", "void *"}, false}, // buffer__nullable
		{"bpf_key_put", 1, Param{"bkey", "struct bpf_key *"}, false},
		{"bpf_copy_from_user_str", 4, Param{"flags", "u64"}, true},
	} {
		f, ok := Find(c.name)
		if !ok || len(f.Params) != c.n || f.Sleeps != c.sleeps || c.n > 0 && !slices.Contains(f.Params, c.param) {
			t.Errorf("%s is %+v", c.name, f)
		}
	}
	if _, ok := Find("no_such_function"); ok {
		t.Error("found what is none")
	}
}

// TestSections: where helpers may be called.
func TestSections(t *testing.T) {
	xdp, ok := Sections("bpf_xdp_load_bytes")
	if !ok || !slices.Equal(xdp, []Section{{Name: "xdp"}}) {
		t.Errorf("bpf_xdp_load_bytes: %v", xdp)
	}
	later, _ := Sections("bpf_get_current_cgroup_id")
	if !slices.Contains(later, Section{"xdp", "6.12"}) || !slices.Contains(later, Section{Name: "kprobe"}) {
		t.Errorf("bpf_get_current_cgroup_id: %v", later)
	}
	for section, want := range map[string]string{
		"kprobe/do_nanosleep": "kprobe", "?kretprobe/x": "kprobe", "tp/sched/sched_switch": "tracepoint", "tcx/ingress": "tc",
		"cgroup/bind4": "cgroup/bind4", "xdp.frags": "xdp", "": "",
	} {
		if got := SectionOf(section); got != want {
			t.Errorf("SectionOf(%q) is %q, not %q", section, got, want)
		}
	}
}
