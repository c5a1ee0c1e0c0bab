package rules

import (
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/object"
)

var (
	_ = rule("BPF0910", configuration)
	_ = rule("BPF0920", jitLacks)
	_ = rule("BPF0921", jitRequired)
	_ = rule("BPF0930", privilege)
	_ = rule("BPF0940", resources)
)

// wildcard is what stands at the n-th wildcard of the complaint, "" if there is none.
func (c *Case) wildcard(n int) string {
	if n < len(c.match.Fields) {
		return c.match.Fields[n]
	}
	return ""
}

// pattern is the text of the complaint's pattern.
func (c *Case) pattern() string {
	if c.match.Pattern == nil {
		return ""
	}
	return c.match.Pattern.Text
}

// configuration: the kernel was built without what the program needs.
func configuration(c *Case, d *diag.Diagnostic) {
	primary(d, "needs it")
	option := "CONFIG_DEBUG_INFO_BTF"
	switch p := c.pattern(); {
	case strings.Contains(p, "PREEMPT_RT"):
		// process_timer_func: a timer takes locks that a real-time kernel makes sleeping ones.
		d.Message = "a kernel with `CONFIG_PREEMPT_RT` has no `bpf_timer`"
		primary(d, "a timer is used here")
		suggest(d, "use `bpf_wq`, a work queue, on such kernels")
		return
	case strings.Contains(p, "PERF_EVENTS"):
		option = "CONFIG_PERF_EVENTS"
		primary(d, quote(c.wildcard(0))+" needs it")
	case strings.Contains(p, "malformed"), strings.HasPrefix(p, "kern ctx"):
		d.Message = "this kernel's own type information is malformed"
		primary(d, "needs the kernel's types")
		suggest(d, "build the kernel anew; `pahole` makes its BTF, and has to be new enough for the compiler (`CONFIG_DEBUG_INFO_BTF`)")
		return
	case strings.HasPrefix(p, "map_ptr access"):
		primary(d, "reading fields of a map needs the kernel's types")
	case strings.HasPrefix(p, "calling kernel function"):
		primary(d, "calling a kernel function needs the kernel's types")
	}
	d.Message = "this kernel was built without " + quote(option)
	if option == "CONFIG_DEBUG_INFO_BTF" {
		sentences(d, "a kernel built with it has /sys/kernel/btf/vmlinux")
	}
	suggest(d, "load the program on a kernel built with "+quote(option+"=y"))
}

// jitLacks: the verifier asks the JIT compiler (bpf_jit_supports_…), which is
// another one on each architecture.
func jitLacks(c *Case, d *diag.Diagnostic) {
	what := "this"
	switch p := c.pattern(); {
	case strings.Contains(p, "arena arguments"), strings.Contains(p, "arena pointer arguments"):
		what = "pointers into an arena as arguments of kernel functions"
	case strings.HasPrefix(p, "sign extending"):
		what = "sign-extending loads from an arena"
		suggest(d, "load the value into an unsigned variable, and convert it then")
	case strings.Contains(p, "arena"):
		what = "arenas"
	case strings.Contains(p, "fsession"):
		what = "programs of type fsession"
		suggest(d, "write an fentry and an fexit program instead")
	case strings.HasPrefix(p, "JIT does not support kfunc %s() with %d args"), strings.HasPrefix(p, "JIT does not support function"):
		what = "calls of " + quote(c.wildcard(0)) + ", which has " + c.wildcard(1) + " parameters"
		suggest(d, "pass the arguments in a structure, by its address")
	case strings.Contains(p, "calling kfunc"), strings.Contains(p, "calling kernel function"):
		what = "calls of kernel functions"
		if f := c.wildcard(0); f != "" {
			what = "calls of " + quote(f)
		}
	case strings.Contains(p, "bpf-to-bpf"):
		what = "calls between functions of a program"
		suggest(d, "declare the functions `static __always_inline`")
	case strings.HasPrefix(p, "Private stack"):
		what = "private stacks"
	case strings.HasPrefix(p, "address of kernel"):
		d.Message = "a kernel function is too far away for a call by this JIT compiler"
		if f := c.wildcard(0); f != "" && strings.Contains(p, "%s") {
			d.Message = quote(f) + " is too far away for a call by this JIT compiler"
		}
		primary(d, "called here")
		sentences(d, "a call reaches 2 GiB; the kernel's code, or that of its module, is farther from the program")
		return
	case strings.HasPrefix(p, "64-bit"):
		what = "64-bit load-acquire and store-release"
		suggest(d, "use 32-bit values, or an atomic addition")
	}
	d.Message = "the JIT compiler of this architecture does not support " + what
	primary(d, "needs it")
	suggest(d, "check with the JIT compiler of another architecture: `bpfdiag check --jit`; a newer kernel may have more")
}

// jitRequired: what the interpreter cannot run.
func jitRequired(c *Case, d *diag.Diagnostic) {
	what, label := "this program", "needs it"
	switch p := c.pattern(); {
	case strings.Contains(p, "calling kernel function"):
		what, label = "a call of a kernel function", "a kernel function is called here"
	case strings.Contains(p, "arena"):
		what, label = "an arena", "the arena is used here"
	case strings.HasPrefix(p, "callbacks"):
		what, label = "a callback", "the callback is passed here"
	case strings.HasPrefix(p, "stack args"):
		what, label = "a call with more than five arguments", "called here"
	case strings.HasPrefix(p, "tail_calls"):
		what, label = "a program with tail calls and functions", ""
	}
	d.Message = what + " needs the JIT compiler"
	if strings.Contains(c.pattern(), "calling kernel function") { // add_kfunc_call: before the verifier walks
		c.locate(d, 1, func(_ object.Insn, r *object.Reloc) bool { return r != nil && r.Kind == object.RelocExternCall })
	}
	primary(d, label)
	sentences(d, "the kernel's JIT compiler is turned off, lacks this architecture, or failed on this program; the interpreter cannot run it")
	suggest(d, "turn it on: `sysctl net.core.bpf_jit_enable=1`, or build the kernel with `CONFIG_BPF_JIT_ALWAYS_ON`")
}

// privilege: who loads the program lacks a capability (bpf_token_capable).
func privilege(c *Case, d *diag.Diagnostic) {
	need, what := "`CAP_BPF`", "a call of another function"
	switch p := c.pattern(); {
	case strings.Contains(p, "CAP_SYS_BOOT"):
		need, what = "`CAP_SYS_BOOT`", "a kernel function that can end the system"
	case strings.Contains(p, "required to use arena"):
		need, what = "`CAP_BPF` and `CAP_PERFMON`", "an arena"
	case strings.HasPrefix(p, "'struct %s' access"):
		need, what = "`CAP_PERFMON`", "reading `struct "+c.wildcard(0)+"`"
	case strings.Contains(p, "CAP_PERFMON and CAP_SYS_ADMIN"):
		need, what = "`CAP_PERFMON`", "reading a kernel structure"
	case p == "":
		need, what = "a privilege", "this program"
	}
	d.Message = what + " needs " + need
	primary(d, "needs "+need)
	sentences(d, "`CAP_SYS_ADMIN` includes `CAP_BPF` and `CAP_PERFMON`; with the sysctl kernel.unprivileged_bpf_disabled a program needs a capability in any case")
	suggest(d, "load the program with "+need+": `setcap`, systemd's `AmbientCapabilities=`, or a BPF token")
}

// resources: an allocation failed, or a limit of the kernel was reached.
func resources(c *Case, d *diag.Diagnostic) {
	switch p := c.pattern(); {
	case strings.HasPrefix(p, "cannot get callchain"):
		d.Message = "the kernel has no memory for the call chains of " + quote(c.wildcard(0))
		primary(d, "called here")
		suggest(d, "lower `sysctl kernel.perf_event_max_stack`, which says how large they are, or free memory")
	case strings.Contains(p, "poke"), strings.Contains(p, "tail call"):
		d.Message = "the kernel has no memory for a direct tail call"
		primary(d, "the tail call")
		suggest(d, "free memory and load the program again")
	default:
		d.Message = "the kernel ran out of memory while it verified " + quote(c.Program.Name)
		primary(d, "it got to here")
		suggest(d, "free memory, or give the guest more: `bpfdiag check --memory MIB`")
	}
}
