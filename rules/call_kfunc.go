package rules

import (
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/rules/signatures"
)

var (
	_ = rule("BPF0503", kfuncNotAllowed)
	_ = rule("BPF0504", kfuncUnresolved)
)

// kfuncNotAllowed: the kfunc is not registered for the program type
// (btf_kfunc_id_set_contains, fetch_kfunc_meta), or one of its own conditions fails.
func kfuncNotAllowed(c *Case, d *diag.Diagnostic) {
	text := c.match.Text
	name := ""
	if rest, ok := strings.CutPrefix(text, "calling kernel function "); ok {
		name, _, _ = strings.Cut(rest, " ")
	}
	k := c.callTarget(name)
	kind, _ := c.kindOfProgram()
	primary(d, "not for this program")
	c.markCall(d, k.Name)
	help := func(text string) {
		d.Helps = append(d.Helps, diag.Help{Text: text, Applicability: diag.Placeholder})
	}
	switch {
	case strings.HasPrefix(text, "metadata kfuncs"):
		d.Message = "metadata of a received packet is only read by a program that is bound to a network device"
		if strings.Contains(text, "offloaded") {
			d.Message = "metadata kfuncs cannot be offloaded to a device"
		}
		primary(d, "reads the device's metadata")
		help("load the program with the flag BPF_F_XDP_DEV_BOUND_ONLY and the device's index (`bpf_program__set_ifindex`)")
		return
	case strings.HasPrefix(text, "css_task_iter"):
		d.Message = kind + " that cannot sleep cannot iterate over a cgroup's tasks"
		d.Notes = append(d.Notes, "`bpf_iter_css_task_new` is for LSM programs, iterators and sleepable programs")
		help("use a sleepable section, such as `fentry.s/` or `lsm.s/`")
		return
	case strings.Contains(text, "NMI unsafe"):
		d.Message = "a tracing program cannot call " + k.String() + " on this type"
		d.Notes = append(d.Notes, "the program may run in an NMI, where the type's special fields cannot be freed")
		return
	}
	d.Message = kind + " cannot call " + k.String()
	f, ok := signatures.Find(k.Name)
	if ok && len(f.Types) > 0 {
		kfuncTypes(c, d, f.Types)
	}
	if f.Sleeps && !c.maySleep() {
		d.Notes = append(d.Notes, "it may sleep, so that this program cannot call it in any case")
	}
	switch k.Name {
	case "bpf_dynptr_from_skb":
		if c.Program.Type == "xdp" {
			offer(d, "call `bpf_dynptr_from_xdp`", diag.Likely, c.dynptrOfPacket("bpf_dynptr_from_xdp"))
		}
	case "bpf_sock_destroy":
		help("call it in an iterator: `SEC(\"iter/tcp\")` or `SEC(\"iter/udp\")`")
	case "bpf_dynptr_from_xdp":
		offer(d, "programs that get a `struct __sk_buff` call `bpf_dynptr_from_skb`", diag.Likely, c.dynptrOfPacket("bpf_dynptr_from_skb"))
	}
}

// kfuncTypes tells the program types that a kfunc is for, and whether this one
// is among them: then this kernel is older, or the kfunc refuses for itself.
func kfuncTypes(c *Case, d *diag.Diagnostic, types []string) {
	for _, t := range types {
		if t == "unspec" || c.Program.Type != "" && (t == c.Program.Type || t == kfuncHook(c.Program.Type)) {
			if !c.before("7.3") && c.Kernel != "" {
				d.Notes = append(d.Notes, "it is registered for this program type, so it is for some attach points only")
			} else {
				d.Notes = append(d.Notes, "Linux 7.3 registers it for this program type; "+c.linux()+" does not, or the function is for some attach points only")
			}
			return
		}
	}
	d.Notes = append(d.Notes, "Linux 7.3 has it for programs of these types: "+strings.Join(types, ", "))
}

// kfuncHook is the program type whose kfuncs a program has besides those of its own
// (bpf_prog_type_to_kfunc_hook in kernel/bpf/btf.c).
func kfuncHook(typ string) string {
	switch {
	case typ == "tracepoint", typ == "raw_tracepoint", typ == "perf_event", typ == "lsm":
		return "tracing"
	case strings.HasPrefix(typ, "cgroup_"), typ == "sock_ops":
		return "cgroup_skb"
	case strings.HasPrefix(typ, "lwt_"):
		return "lwt_in"
	}
	return typ
}

// kfuncUnresolved: a kfunc that is called and not there (fixup_kfunc_call, add_kfunc_call).
func kfuncUnresolved(c *Case, d *diag.Diagnostic) {
	name := c.calledName()
	if strings.HasPrefix(c.match.Text, "cannot find") && len(c.match.Fields) > 0 && c.match.Fields[0] != "" {
		name = c.match.Fields[0]
	}
	d.Message = "a kernel function that is called is not in " + c.linux()
	if name != "" {
		d.Message = quote(name) + " is called, but " + c.linux() + " does not have it"
	}
	primary(d, "called without asking whether it is there")
	guard := "NAME"
	if name != "" {
		guard = name
	}
	d.Helps = append(d.Helps, diag.Help{
		Text:          "declare it `__weak`, and call it behind `if (bpf_ksym_exists(" + guard + "))`, so that the verifier removes the call where it is missing",
		Applicability: diag.Placeholder,
	})
}
