package loader

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/bpfdiag/bpfdiag/internal/object"
	"github.com/bpfdiag/bpfdiag/umlinux"
)

func TestFindSection(t *testing.T) {
	for name, want := range map[string]string{
		"xdp":                     "xdp xdp",
		"xdp.frags":               "xdp xdp",
		"xdp/anything":            "-",
		"kprobe/do_nanosleep":     "kprobe",
		"kprobe":                  "kprobe",
		"kprobes":                 "-",
		"fentry.s/bpf_fentry":     "tracing trace_fentry",
		"tp/sched/sched_switch":   "tracepoint",
		"cgroup_skb/ingress":      "cgroup_skb cgroup_inet_ingress",
		"cgroup/skb":              "cgroup_skb",
		"struct_ops.s/sched_exit": "struct_ops",
		"lsm_cgroup/socket_bind":  "lsm lsm_cgroup",
		"":                        "-",
	} {
		typ, attach := TypeOf(name)
		got := "-"
		if typ != "" {
			got = strings.TrimSpace(typ + " " + attach)
		}
		if got != want {
			t.Errorf("%q: %s, want %s", name, got, want)
		}
	}
}

// fakeMachine answers calls without a kernel. Programs are told apart by name.
type fakeMachine struct {
	answer func(program string) (umlinux.Reply, error)
	boots  int
	grown  int
	asked  []string // what was called, in order
}

func (m *fakeMachine) Do(_ context.Context, calls []umlinux.Call, _ time.Duration) ([]umlinux.Reply, error) {
	var out []umlinux.Reply
	for _, c := range calls {
		name := map[uint32]string{cmdBTFLoad: "btf", cmdMapUpdateElem: "update", cmdMapFreeze: "freeze"}[c.Cmd]
		switch {
		case c.Op == umlinux.OpReset:
			name = "reset"
		case c.Cmd == cmdMapCreate:
			name = fmt.Sprintf("map %s[%d]", cString(c.Data[28:44]), le.Uint32(c.Data[12:]))
		case c.Cmd == cmdProgLoad:
			name = cString(c.Data[48:64])
		}
		m.asked = append(m.asked, name)
		if c.Cmd != cmdProgLoad || c.Op != umlinux.OpBPF {
			out = append(out, umlinux.Reply{})
			continue
		}
		r, err := m.answer(name)
		if err != nil {
			m.boots++
			return out, err
		}
		out = append(out, r)
	}
	return out, nil
}

func (m *fakeMachine) Grow() bool { m.grown++; return m.grown < 3 }

func cString(b []byte) string { s, _, _ := strings.Cut(string(b), "\x00"); return s }

func check(t *testing.T, m Machine) map[string]Result {
	t.Helper()
	obj, err := object.Open("testdata/five.bpf.o")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]Result{}
	k := &Kernel{Release: "6.12.1"}
	if err := Check(context.Background(), m, k, obj, Options{}, func(r Result) { out[r.Name] = r }); err != nil {
		t.Fatal(err)
	}
	if len(out) != 5 {
		t.Fatalf("%d results", len(out))
	}
	return out
}

// TestOrder: maps that somebody uses and their contents first, each program
// once, and what failed with a word a second time.
func TestOrder(t *testing.T) {
	m := &fakeMachine{answer: func(p string) (umlinux.Reply, error) {
		if p == "three" {
			return umlinux.Reply{Value: -1, Errno: syscall.EACCES, Log: []byte("R0 invalid")}, nil
		}
		return umlinux.Reply{Log: []byte("processed 2 insns")}, nil
	}}
	got := check(t, m)
	want := "reset btf map five.rodata[1] update freeze map table[4096] one two three four three"
	if s := strings.Join(m.asked, " "); s != want {
		t.Errorf("called %s\nwant   %s", s, want)
	}
	if got["one"].Errno != 0 || got["three"].Errno != syscall.EACCES {
		t.Error("wrong answers")
	}
	if n := got["four"]; n.Err != nil || n.Type.String() != "xdp" || len(n.Notes) != 1 || n.Insns != 6+2 {
		t.Errorf("freplace was not taken for what its argument says: %+v", n)
	}
	if got["five"].Err == nil || !strings.Contains(got["five"].Err.Error(), "no_such_section") {
		t.Errorf("no error for an unknown section: %v", got["five"].Err)
	}
	two := got["two"]
	pos, ok := position(two, 0)
	if !ok || pos.Function != "two" || pos.Line != 18 {
		t.Errorf("position %+v", pos)
	}
}

// TestDeath: a program that kills its guest costs nobody else anything, and
// maps are made anew for the rest. It is tried twice where a signal came.
func TestDeath(t *testing.T) {
	for cause, boots := range map[umlinux.Cause]int{umlinux.Killed: 2, umlinux.Panicked: 1} {
		dead := &umlinux.DeadError{Cause: cause, Detail: "by a test"}
		m := &fakeMachine{answer: func(p string) (umlinux.Reply, error) {
			if p == "two" {
				return umlinux.Reply{}, dead
			}
			return umlinux.Reply{}, nil
		}}
		got := check(t, m)
		if err := got["two"].Err; err == nil || !errors.As(err, &dead) {
			t.Errorf("%s: two: %v", cause, err)
		}
		for _, name := range []string{"one", "three", "four"} {
			if got[name].Err != nil {
				t.Errorf("%s: %s: %v", cause, name, got[name].Err)
			}
		}
		if m.boots != boots {
			t.Errorf("%s: %d guests died", cause, m.boots)
		}
	}
}

// TestKilledOnce: a guest that somebody kills costs nothing but another boot,
// whether it makes the verdict or the log.
func TestKilledOnce(t *testing.T) {
	for killed := range 4 {
		loads := 0
		m := &fakeMachine{answer: func(p string) (umlinux.Reply, error) {
			if p != "two" {
				return umlinux.Reply{}, nil
			}
			if loads++; loads == killed {
				return umlinux.Reply{}, &umlinux.DeadError{Cause: umlinux.Killed, Detail: "by a test"}
			}
			return umlinux.Reply{Value: -1, Errno: syscall.EACCES, Log: []byte("R0 invalid")}, nil
		}}
		for name, r := range check(t, m) {
			if name != "five" && r.Err != nil || r.PathLost || name == "two" && (r.Errno != syscall.EACCES || len(r.Notes) > 0) {
				t.Errorf("killed at load %d: %s: %+v", killed, name, r)
			}
		}
	}
}

// TestPathLost: what dies a second time while the log is made has its verdict.
func TestPathLost(t *testing.T) {
	loads := 0
	m := &fakeMachine{answer: func(p string) (umlinux.Reply, error) {
		if p != "two" {
			return umlinux.Reply{}, nil
		}
		if loads++; loads > 1 {
			return umlinux.Reply{}, &umlinux.DeadError{Cause: umlinux.Killed, Detail: "by a test"}
		}
		return umlinux.Reply{Value: -1, Errno: syscall.EACCES, Log: []byte("R0 invalid")}, nil
	}}
	if two := check(t, m)["two"]; two.Errno != syscall.EACCES || two.Log != "R0 invalid" || !two.PathLost || len(two.Notes) != 1 {
		t.Errorf("%+v", two)
	}
}

// TestGrows: a program that is too large for a guest is tried in larger ones.
func TestGrows(t *testing.T) {
	full := &umlinux.DeadError{Cause: umlinux.OutOfMemory, Detail: "by a test"}
	var m *fakeMachine
	m = &fakeMachine{answer: func(p string) (umlinux.Reply, error) {
		switch {
		case p == "two" && m.grown == 0:
			return umlinux.Reply{}, full
		case p == "three" && m.grown < 2:
			return umlinux.Reply{Value: -1, Errno: syscall.ENOMEM}, nil
		}
		return umlinux.Reply{}, nil
	}}
	for name, r := range check(t, m) {
		if name != "five" && (r.Err != nil || r.Errno != 0) {
			t.Errorf("%s: %v, %v", name, r.Err, r.Errno)
		}
	}
}

// FuzzCheck: whatever an object says, linking it ends in calls that stay in
// their memory, or in an error.
func FuzzCheck(f *testing.F) {
	for _, path := range []string{"testdata/five.bpf.o", "../../internal/object/testdata/kitchen.bpf.o"} {
		data, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		obj, err := object.Parse("x.o", data)
		if err != nil {
			return
		}
		m := &fakeMachine{answer: func(string) (umlinux.Reply, error) {
			return umlinux.Reply{Value: -1, Errno: syscall.EACCES, Log: []byte("no")}, nil
		}}
		k := &Kernel{Path: "/nonexistent", Release: "7.2.1"}
		err = Check(context.Background(), m, k, obj, Options{}, func(r Result) {
			r.Layout().Find(0)
			r.Lack(1)
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

// TestLayoutOf: what a log calls instruction 12 is found without a kernel, at
// the place where linking puts it.
func TestLayoutOf(t *testing.T) {
	tested := 0
	for _, path := range []string{"testdata/five.bpf.o", "../../internal/object/testdata/kitchen.bpf.o"} {
		obj, err := object.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		l := &load{obj: obj, kernel: &Kernel{}, core: map[*object.Function]relocated{}, failedCORE: map[place]string{}, externs: map[*object.Extern]resolvedExtern{}}
		for _, fn := range obj.Programs() {
			p, err := l.link(fn)
			if err != nil {
				continue // needs a kernel
			}
			tested += len(p.placed)
			if got := LayoutOf(obj, fn); !slices.Equal(got, p.placed) {
				t.Errorf("%s: %s: %v, linked as %v", path, fn.Name, got, p.placed)
			}
		}
	}
	if tested < 8 {
		t.Errorf("only %d functions were compared", tested)
	}
}

// position is where the source of an instruction of a program is.
func position(r Result, insn int) (object.Position, bool) {
	fn, i, ok := r.Layout().Find(insn)
	if !ok {
		return object.Position{}, false
	}
	return r.Object().Position(fn, i)
}

// TestSimilar: what somebody may have meant.
func TestSimilar(t *testing.T) {
	fields := []string{"__state", "stats", "stack", "pid", "tgid", "real_parent"}
	for name, want := range map[string]string{
		"state":       "__state",
		"realparent":  "real_parent",
		"tpid":        "pid tgid",
		"group_leadr": "",
		"x":           "",
	} {
		if got := strings.Join(similar(name, fields), " "); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	for name, want := range map[string]string{
		"tp_bft/sched_switch": "tp_btf/sched_switch",
		"xdp/drop":            "xdp",
		"cgroup/conect4":      "cgroup/connect4",
		"own":                 "",
	} {
		got := similarSections(name)
		if want == "" && got != nil || want != "" && (len(got) == 0 || got[0] != want) {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}
