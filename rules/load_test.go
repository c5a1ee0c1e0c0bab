package rules

import (
	"errors"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/loaderror"
)

// TestDiagnoseLoad: each cause has its code, and a headline that stands alone;
// without an object there is no place, and nothing else is lost.
func TestDiagnoseLoad(t *testing.T) {
	missing := func(what, name string) *loaderror.Error {
		return &loaderror.Error{Cause: loaderror.Missing, What: what, Name: name, Kernel: "6.12.1"}
	}
	weak := missing(loaderror.Kfunc, "bpf_foo")
	weak.Weak = true
	renamed := missing(loaderror.Field, "struct task_struct.state")
	renamed.Similar = []string{"__state"}
	other := missing(loaderror.Field, "struct request.cmd")
	other.Exists = true
	noType := missing(loaderror.Field, "struct foo___v2.bar")
	noType.NoType = true
	said := func(c loaderror.Cause, what, name, text string) *loaderror.Error {
		return &loaderror.Error{Cause: c, What: what, Name: name, Kernel: "6.12.1", Err: errors.New(text)}
	}
	withErrno := func(c loaderror.Cause, errno syscall.Errno) *loaderror.Error {
		e := said(c, "", "", "the kernel refused it")
		e.Errno = errno
		return e
	}
	btf := said(loaderror.BTF, "", "", "the kernel refused it")
	btf.Log = "magic: 0xeb9f\n[3] STRUCT a<b> size=4 vlen=1\n[3] STRUCT a<b> size=4 vlen=1 Invalid name\n"
	for _, c := range []struct {
		err           *loaderror.Error
		code, message string
		class         diag.Class
		says          string // a note or help
	}{
		{missing(loaderror.Kfunc, "bpf_foo"), "BPF0901", "`bpf_foo` does not exist in Linux 6.12.1", "environment", "bpf_ksym_exists(bpf_foo)"},
		{weak, "BPF0821", "`bpf_foo` is called, but Linux 6.12.1 does not have it", "environment", "bpf_ksym_exists(bpf_foo)"},
		{renamed, "BPF0820", "`struct task_struct.state` does not exist in Linux 6.12.1", "environment", "Linux 6.12.1 has `__state` there"},
		{renamed, "BPF0820", "`struct task_struct.state` does not exist in Linux 6.12.1", "environment", "bpf_core_field_exists(struct task_struct, state)"},
		{other, "BPF0820", "`struct request.cmd` has another type in Linux 6.12.1", "source", "declare the field"},
		{noType, "BPF0820", "`struct foo___v2` does not exist in Linux 6.12.1", "environment", "bpf_core_type_exists(struct foo___v2)"},
		{missing(loaderror.Enumerator, "enum bpf_func_id BPF_FUNC_x"), "BPF0820", "`BPF_FUNC_x` of `enum bpf_func_id` does not exist in Linux 6.12.1", "environment", "bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_x)"},
		{missing(loaderror.Function, "do_x"), "BPF0831", "kernel function `do_x` does not exist in Linux 6.12.1", "environment", "isra"},
		{missing(loaderror.Member, "sched_ext_ops.x"), "BPF0831", "`struct sched_ext_ops` has no member `x` in Linux 6.12.1", "environment", "NULL"},
		{missing(loaderror.KernelVariable, "runqueues"), "BPF0825", "kernel variable `runqueues` does not exist in Linux 6.12.1", "environment", "per-CPU"},
		{missing(loaderror.Option, "CONFIG_X"), "BPF0910", "this kernel was built without `CONFIG_X`", "environment", "__weak"},
		{missing(loaderror.MapType, "insn_array"), "BPF0816", "Linux 6.12.1 has no jump tables", "environment", "-fno-jump-tables"},
		{said(loaderror.Mismatch, loaderror.Kfunc, "bpf_foo", "another type"), "BPF0825", "`bpf_foo` is declared with another type than it has in Linux 6.12.1", "source", "bpf_foo___old"},
		{said(loaderror.Symbol, "", "strcmp", "not defined"), "BPF0826", "`strcmp` is declared but not defined", "source", "C library"},
		{said(loaderror.Section, "", "xpd", "no such section"), "BPF0830", "`SEC(\"xpd\")` names no program type", "source", "struct xdp_md *"},
		{said(loaderror.Target, loaderror.Function, "fentry", "no target"), "BPF0832", "`SEC(\"fentry\")` does not say what `prog` attaches to", "source", "fentry/NAME"},
		{said(loaderror.MapDefinition, "", "m", "map m: its definition says no type"), "BPF0817", "the definition of map `m` is malformed", "source", "its definition says no type"},
		{withErrno(loaderror.MapCreation, syscall.EINVAL), "BPF0816", "map `` could not be created: invalid argument", "source", ""},
		{btf, "BPF0805", "Linux 6.12.1 does not take the object's BTF", "compiler", "clang"},
		{withErrno(loaderror.ProgramType, syscall.EINVAL), "BPF0911", "Linux 6.12.1 does not take program type `xdp` with attach type `xdp`", "environment", "--kernel"},
		{withErrno(loaderror.Unexplained, syscall.EINVAL), "BPF0002", "the kernel refused `prog` and did not say why: invalid argument", "verifier", ""},
		{withErrno(loaderror.Unexplained, syscall.EPERM), "BPF0930", "`prog` needs a privilege that the loader lacks", "environment", ""},
		{withErrno(loaderror.Unrunnable, syscall.ENOMEM), "BPF0940", "the kernel ran out of memory while it loaded `prog`", "environment", "--memory"},
		{withErrno(loaderror.Unrunnable, 524), "BPF0921", "`prog` needs the JIT compiler", "environment", "accepted it"},
		{said(loaderror.Guest, loaderror.OutOfMemory, "", "while it was verified, …"), "BPF0940", "the guest ran out of memory while it verified `prog`", "environment", "--memory"},
		{said(loaderror.Guest, loaderror.Panicked, "", "while it was verified, …"), "BPF0010", "Linux 6.12.1 panicked while it verified `prog`", "verifier", "bpf@vger.kernel.org"},
		{said(loaderror.Guest, loaderror.Hung, "", "while it was verified, …"), "BPF0002", "the guest did not survive the verification of `prog`", "environment", "while it was verified"},
		{said(loaderror.Object, "", "", "a section is truncated"), "BPF0840", "a section is truncated", "compiler", ""},
	} {
		f := Failure{Error: c.err, Insn: -1, Have: []string{"7.2.1", "7.3.4"}}
		d := DiagnoseLoad(Case{Program: Program{Name: "prog", Section: "xdp", Type: "xdp", Attach: "xdp"}}, f)
		if d.Code != c.code || d.Message != c.message || d.Class != c.class {
			t.Errorf("%s %q, class %s; want %s %q, class %s", d.Code, d.Message, d.Class, c.code, c.message, c.class)
		}
		says := append([]string(nil), d.Notes...)
		for _, h := range d.Helps {
			says = append(says, h.Text)
		}
		if all := strings.Join(says, "\n"); !strings.Contains(all, c.says) {
			t.Errorf("%s %q does not say %q:\n%s", d.Code, d.Message, c.says, all)
		}
		if c.err == renamed && !slices.Contains(d.Notes, "Linux 7.2.1, 7.3.4 have it") {
			t.Errorf("nothing of other kernels: %q", d.Notes)
		}
	}
}

// TestSilence: a log without a complaint.
func TestSilence(t *testing.T) {
	path := "0: R1=ctx() R10=fp0\n0: (b7) r1 = 1\n1: (7b) *(u64 *)(r10 -8) = r1\n"
	stats := "processed 2 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0\n"
	for log, code := range map[string]string{
		"":                      "BPF0002",
		path:                    "BPF0001",
		path + stats:            "BPF0002",
		path + "1: R1 has eyes": "BPF0000",
	} {
		if d := Diagnose(Case{Program: Program{Name: "prog"}, Log: log}); d.Code != code {
			t.Errorf("%q: %s %s, want %s", log, d.Code, d.Message, code)
		}
	}
}

// TestLibbpfsWords: what libbpf writes into a log in place of the verifier's words.
func TestLibbpfsWords(t *testing.T) {
	for line, want := range map[string]string{
		"<invalid CO-RE relocation>\nfailed to resolve CO-RE relocation <byte_off> [16] struct task_struct.state (0:5 @ offset 8)": "BPF0820 `struct task_struct.state` does not exist in the kernel that this was loaded into",
		"<invalid kfunc call>\nkfunc 'bpf_foo' is referenced but wasn't resolved":                                                  "BPF0821 `bpf_foo` is called, but the kernel that this was loaded into does not have it",
		"<invalid BPF map reference>\nBPF map 'events' is referenced but wasn't created":                                           "BPF0813 map `events` is used here, but the loader was told not to create it",
	} {
		d := Diagnose(Case{Program: Program{Name: "prog"}, Log: "0: R1=ctx() R10=fp0\n0: (b7) r1 = 1\n1: " + line + "\n"})
		if got := d.Code + " " + d.Message; got != want || d.Insn == nil || *d.Insn != 1 {
			t.Errorf("%s at %v\nwant %s at 1", got, d.Insn, want)
		}
	}
}
