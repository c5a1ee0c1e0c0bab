package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/rules/signatures"
)

var (
	_ = rule("BPF0501", helperNotAllowed)
	_ = rule("BPF0502", helperUnknown)
)

// helperNotAllowed: the program type has no such helper (env->ops->get_func_proto
// in check_helper_call, kernel/bpf/verifier.c).
func helperNotAllowed(c *Case, d *diag.Diagnostic) {
	name := ""
	if len(c.match.Fields) > 0 {
		name, _, _ = strings.Cut(c.match.Fields[0], "#")
	}
	k := c.callTarget(name)
	kind, section := c.kindOfProgram()
	d.Message = kind + " cannot call " + k.String()
	primary(d, "not for this program")
	c.markCall(d, k.Name)
	sections, known := signatures.Sections(k.Name)
	if strings.Contains(c.match.Text, "not allowed in probe") {
		d.Message = k.String() + " cannot be called in this program"
		d.Notes = append(d.Notes, "the kernel allows this helper in some attach targets only"+pathTargets(k.Name))
		known = false
	}
	var names []string
	for _, s := range sections {
		if s.Name == section {
			d.Class = diag.ClassEnvironment
			if s.Since != "" {
				d.Notes = append(d.Notes, fmt.Sprintf("Linux %s allows it in such a program, this kernel does not", s.Since))
			} else {
				d.Notes = append(d.Notes, "Linux 6.1 and later allow it in such a program; without CAP_BPF or CAP_PERFMON, or on an older kernel, it is refused")
			}
			known = false
		}
		names = append(names, s.Name)
	}
	all := names
	if known && len(names) > 0 {
		const most = 10
		more := ""
		if len(names) > most {
			more = fmt.Sprintf(" and %d more", len(names)-most)
			names = names[:most]
		}
		d.Notes = append(d.Notes, "programs in these sections may call it: "+strings.Join(names, ", ")+more)
	}
	if other := relative(section, all); known && other != "" {
		if edits := c.sectionEdit(other); edits != nil {
			c.tellSection(d, "the program's section")
			d.Helps = append(d.Helps, diag.Help{Text: "make it a program of " + quote(other), Applicability: diag.Placeholder, Edits: edits})
			return
		}
	}
	if instead := replacement(k.Name, section); instead != "" {
		h := diag.Help{Text: instead, Applicability: diag.Placeholder}
		if to := sameCall(k.Name, section); to != "" {
			if h.Edits = c.renameCall(k.Name, to); h.Edits != nil {
				h.Text, h.Applicability = "call "+quote(to), diag.Likely
				if strings.HasSuffix(k.Name, "_load_bytes") {
					h.Applicability = diag.Safe // just the same, for this type
				}
			}
		}
		d.Helps = append(d.Helps, h)
	}
}

// pathTargets names where programs may ask for paths (bpf_d_path_allowed in
// kernel/trace/bpf_trace.c).
func pathTargets(helper string) string {
	if helper != "bpf_d_path" {
		return ""
	}
	return ": iterators, LSM hooks in which programs may sleep, and a few functions"
}

// relative is the only one of some sections for lightweight tunnels, which run at three
// places of a route with one context, if another of them is meant.
func relative(section string, others []string) (only string) {
	for _, o := range others {
		if !strings.HasPrefix(section, "lwt_") || !strings.HasPrefix(o, "lwt_") || o == section {
			continue
		}
		if only != "" {
			return ""
		}
		only = o
	}
	return only
}

// kindOfProgram says what a program is: "an `xdp` program", and the section as
// signatures.Sections has it.
func (c *Case) kindOfProgram() (kind, section string) {
	section = signatures.SectionOf(c.Program.Section)
	what := section
	if what == "" {
		what = c.Program.Type
	}
	if what == "" {
		return "a program of this type", ""
	}
	article := "a "
	if strings.ContainsRune("aeioux", rune(what[0])) && !strings.HasPrefix(what, "uprobe") {
		article = "an "
	}
	return article + quote(what) + " program", section
}

// replacement says what does the same in programs of a section, where that is sure.
func replacement(helper, section string) string {
	packet := slices.Contains([]string{"tc", "action", "tc/ingress", "tc/egress"}, section)
	tracing := false
	for _, s := range []string{"kprobe", "kprobe.multi", "uprobe", "tracepoint", "raw_tp", "tp_btf", "fentry", "fexit", "perf_event", "lsm"} {
		tracing = tracing || s == section
	}
	switch {
	case section == "xdp":
		switch helper {
		case "bpf_skb_load_bytes", "bpf_skb_load_bytes_relative", "bpf_skb_pull_data":
			return "read the packet between `ctx->data` and `ctx->data_end`, or call `bpf_xdp_load_bytes`"
		case "bpf_skb_store_bytes":
			return "write the packet between `ctx->data` and `ctx->data_end`, or call `bpf_xdp_store_bytes`"
		case "bpf_skb_change_head", "bpf_skb_adjust_room":
			return "call `bpf_xdp_adjust_head`"
		case "bpf_skb_change_tail":
			return "call `bpf_xdp_adjust_tail`"
		case "bpf_l3_csum_replace", "bpf_l4_csum_replace":
			return "compute the checksum with `bpf_csum_diff`, and write it into the packet"
		}
	case packet:
		switch helper {
		case "bpf_xdp_load_bytes":
			return "call `bpf_skb_load_bytes`"
		case "bpf_xdp_store_bytes":
			return "call `bpf_skb_store_bytes`"
		case "bpf_xdp_adjust_head":
			return "call `bpf_skb_adjust_room` or `bpf_skb_change_head`"
		case "bpf_xdp_adjust_tail":
			return "call `bpf_skb_change_tail`"
		case "bpf_xdp_adjust_meta":
			return "metadata is written by an XDP program; here it can be read between `data_meta` and `data`"
		}
	}
	switch helper {
	case "bpf_probe_read":
		return "call `bpf_probe_read_kernel` or `bpf_probe_read_user`"
	case "bpf_probe_read_str":
		return "call `bpf_probe_read_kernel_str` or `bpf_probe_read_user_str`"
	case "bpf_ktime_get_coarse_ns":
		return "call `bpf_ktime_get_ns`"
	case "bpf_seq_printf", "bpf_seq_write", "bpf_seq_printf_btf":
		return "only an iterator has a file to print to: call `bpf_printk`, or send the data through a ring buffer"
	case "bpf_perf_event_output":
		return "call `bpf_ringbuf_output`"
	case "bpf_skb_load_bytes", "bpf_skb_load_bytes_relative":
		if section == "netfilter" {
			return "make a dynptr of the packet with `bpf_dynptr_from_skb((struct __sk_buff *)ctx->skb, 0, &p)`, and read it with `bpf_dynptr_read` or `bpf_dynptr_slice`"
		}
		if tracing {
			return "read the packet from the `struct sk_buff` with `bpf_probe_read_kernel`"
		}
	case "bpf_copy_from_user":
		if tracing {
			return "call `bpf_probe_read_user`, or make the program sleepable (`SEC(\"fentry.s/...\")`, `lsm.s/`, `uprobe.s/`)"
		}
	case "bpf_get_func_arg", "bpf_get_func_ret", "bpf_get_func_arg_cnt":
		if section == "kprobe" {
			return "read arguments with `BPF_KPROBE` or `PT_REGS_PARM1(ctx)`, the result with `BPF_KRETPROBE` or `PT_REGS_RC(ctx)`"
		}
	case "bpf_override_return":
		return "attach an `fmod_ret` or `lsm` program: what it returns replaces the function's result"
	case "bpf_d_path":
		return "in LSM programs (since Linux 6.12) call the kfunc `bpf_path_d_path`; or attach an `fentry` or `fexit` program to one of the few functions that it is for, such as `filp_close`, `vfs_truncate`, `vfs_getattr`, `dentry_open` and `security_file_open`"
	}
	return ""
}

// helperUnknown: a helper whose number this kernel does not know.
func helperUnknown(c *Case, d *diag.Diagnostic) {
	name, number := "", ""
	if len(c.match.Fields) > 1 {
		name, number = c.match.Fields[0], c.match.Fields[1]
	}
	if strings.HasPrefix(name, "unknown") {
		name = c.calledName()
	}
	d.Message = c.linux() + " has no helper number " + number
	if number == "" {
		d.Message = c.linux() + " does not have the helper that is called"
	}
	if name != "" {
		d.Message = c.linux() + " has no helper " + quote(name)
	}
	primary(d, "not in this kernel")
	c.markCall(d, name)
	for _, s := range sectionsOf(name) {
		if s.Since != "" {
			d.Notes = append(d.Notes, "Linux "+s.Since+" has it")
			break
		}
	}
	d.Helps = append(d.Helps, diag.Help{
		Text:          "guard the call with `bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_...)`, and do without it on older kernels",
		Applicability: diag.Placeholder,
	})
}

func sectionsOf(helper string) []signatures.Section {
	s, _ := signatures.Sections(helper)
	return s
}

// calledName is the name of what is called, as the source has it.
func (c *Case) calledName() string {
	if c.Summary.Insn < 0 {
		return ""
	}
	at, file, ok := c.source(c.Summary.Insn)
	if !ok {
		return ""
	}
	name := file.Text(at.Span)
	if !strings.HasPrefix(name, "bpf_") {
		return ""
	}
	name, _, _ = strings.Cut(name, "(")
	return name
}
