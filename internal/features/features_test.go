package features

import (
	"encoding/binary"
	"slices"
	"testing"

	"github.com/cilium/ebpf/btf"
)

func TestMatch(t *testing.T) {
	all := []string{"xdp.frags", "xdp", "tc", "tcx/ingress", "fentry/do_nanosleep", "lsm/file_open", "cgroup/bind4", "cgroup/dev",
		"struct_ops/tcp_congestion_ops.init"}
	for name, want := range map[string][]string{
		"xdp":                                 {"xdp.frags", "xdp"},
		"xdp.frags":                           {"xdp.frags"},
		"BPF_PROG_TYPE_XDP":                   {"xdp.frags", "xdp"},
		`SEC("tc")`:                           {"tc"},
		"sched_cls":                           {"tc", "tcx/ingress"},
		"fentry":                              {"fentry/do_nanosleep"},
		"fentry/tcp_connect":                  {"fentry/tcp_connect"},
		"cgroup":                              {"cgroup/bind4", "cgroup/dev"},
		"lsm":                                 {"lsm/file_open"},
		"struct_ops":                          {"struct_ops/tcp_congestion_ops.init"},
		"struct_ops/sched_ext_ops.select_cpu": {"struct_ops/sched_ext_ops.select_cpu"},
		"bpf_loop":                            nil,
		"":                                    nil,
	} {
		if got := Match(name, all); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

// TestReturns: both forms of the complaint.
func TestReturns(t *testing.T) {
	for message, want := range map[string]string{
		"At program exit the register R0 has smin=0 smax=4294967295 should have been in [0, 1]":      "0..1",
		"At program exit the register R0 has unknown scalar value should have been in [-4095, 0]":    "-4095..0",
		"At program exit the register R0 has smin=0 smax=4294967295 should have been in [1, 1]":      "1",
		"At program exit the register R0 has value (0x0; 0xffffffff) should have been in (0x0; 0x3)": "0..3",
		"At program exit the register R0 has value (0x0; 0xffffffff) should have been in (0x1; 0x0)": "1",
		"At program exit the register R0 has value (0x0; 0xffffffff) should have been in (0x2; 0x1)": "2..3",
		"something else": "",
	} {
		if got := returns(message); got != want {
			t.Errorf("%s: %q, want %q", message, got, want)
		}
	}
}

// TestValueIn: what the verifier calls a value that was read from the context.
func TestValueIn(t *testing.T) {
	for log, want := range map[string]string{
		"0: R1=ctx() R10=fp0\n0: (61) r0 = *(u32 *)(r1 +0)          ; R0_w=pkt(r=0) R1=ctx()\n1: (bf) r0 = r9\n": "pkt",
		"0: (79) r0 = *(u64 *)(r1 +0)          ; R0=trusted_ptr_task_struct() R1=ctx()\n":                        "trusted_ptr_task_struct",
		"0: (61) r0 = *(u32 *)(r1 +8)          ; R0_w=scalar(smin=0)\n":                                          "scalar",
		"0: (61) r0 = *(u32 *)(r1 +8)\n": "scalar",
	} {
		if got := valueIn(log); got != want {
			t.Errorf("%s%q, want %q", log, got, want)
		}
	}
}

// TestReadSet: a damaged kernel is an error, not a crash.
func TestReadSet(t *testing.T) {
	le := binary.LittleEndian
	set := le.AppendUint32(nil, 2)
	for _, v := range []uint32{0, 7, 1, 9, 32} {
		set = le.AppendUint32(set, v)
	}
	flags := map[uint32]uint32{}
	if err := readSet(set, 0, flags); err != nil || len(flags) != 2 || flags[7] != 1 || flags[9] != 32 {
		t.Errorf("%v, %v", flags, err)
	}
	for _, at := range []uint64{8, 1 << 20, 1 << 63} {
		if err := readSet(set, at, flags); err == nil {
			t.Errorf("at %d: no error", at)
		}
	}
	if got := flagNames(1<<0 | 1<<5 | 1<<30); !slices.Equal(got, []string{"acquire", "sleepable"}) {
		t.Error(got)
	}
}

func TestDeclaration(t *testing.T) {
	char, integer := &btf.Int{Name: "char", Size: 1}, &btf.Int{Name: "int", Size: 4}
	task := &btf.Struct{Name: "task_struct"}
	less := &btf.Pointer{Target: &btf.FuncProto{Return: integer, Params: []btf.FuncParam{{Name: "a", Type: integer}}}}
	f := &btf.Func{Name: "f", Type: &btf.FuncProto{Return: &btf.Pointer{Target: task}, Params: []btf.FuncParam{
		{Name: "s", Type: &btf.Pointer{Target: &btf.Const{Type: char}}},
		{Name: "less", Type: less},
		{Name: "p", Type: &btf.Const{Type: &btf.Pointer{Target: integer}}},
		{Name: "x", Type: &btf.Array{Type: integer, Nelems: 4}},
		{Type: &btf.Void{}},
	}}}
	want := "struct task_struct *f(const char *s, int (*less)(int a), int *const p, int x[4], ...)"
	if got := declaration(f); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
