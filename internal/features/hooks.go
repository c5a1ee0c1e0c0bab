package features

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bpfdiag/bpfdiag/umlinux/loader"
	"github.com/cilium/ebpf/btf"
)

// targets are what programs attach to when only a section is asked about:
// something that every kernel has. Sleepable ones and fmod_ret want a function
// whose result may be replaced, which system calls are.
var targets = map[string]string{
	"tp_btf": "sched_switch", "tp_btf.s": "sys_enter",
	"fentry": "do_nanosleep", "fexit": "do_nanosleep", "fsession": "do_nanosleep",
	"fentry.s": "__x64_sys_nanosleep", "fexit.s": "__x64_sys_nanosleep", "fsession.s": "__x64_sys_nanosleep",
	"fmod_ret": "__x64_sys_nanosleep", "fmod_ret.s": "__x64_sys_nanosleep",
	"lsm": "file_open", "lsm.s": "file_open", "lsm_cgroup": "socket_bind",
	"iter": "task", "iter.s": "task",
}

// withTarget completes a section that needs a target and names none.
func withTarget(section string) string {
	if t, ok := targets[section]; ok {
		return section + "/" + t
	}
	return section
}

// Sections lists the sections that a kernel can be asked about, targets
// included. Of each struct_ops it has one callback.
func Sections(k *loader.Kernel) ([]string, error) {
	ops, err := structOps(k)
	if err != nil {
		return nil, err
	}
	var all []string
	for _, s := range loader.Sections() {
		switch {
		case s == "freplace": // judged by the program that it replaces
		case s == "struct_ops" || s == "struct_ops.s":
			for _, o := range ops {
				all = append(all, s+"/"+o)
			}
		default:
			all = append(all, withTarget(s))
		}
	}
	return all, nil
}

// structOps lists a callback of each struct_ops of a kernel: "tcp_congestion_ops.init".
func structOps(k *loader.Kernel) ([]string, error) {
	var all []string
	err := k.Types(func(spec *btf.Spec) error {
		for t, err := range spec.All() {
			if err != nil {
				return fmt.Errorf("read the kernel's types: %w", err)
			}
			name, ok := strings.CutPrefix(t.TypeName(), "bpf_struct_ops_")
			if _, isStruct := t.(*btf.Struct); !ok || !isStruct {
				continue
			}
			var ops *btf.Struct
			if spec.TypeByName(name, &ops) != nil {
				continue // bpf_struct_ops_common_value and the like
			}
			for _, m := range ops.Members {
				if callback(m.Type) != nil {
					all = append(all, name+"."+m.Name)
					break
				}
			}
		}
		return nil
	})
	slices.Sort(all)
	return all, err
}

// callback is the prototype of a pointer to a function, nil for other types.
func callback(t btf.Type) *btf.FuncProto {
	p, ok := btf.UnderlyingType(t).(*btf.Pointer)
	if !ok {
		return nil
	}
	f, _ := btf.UnderlyingType(p.Target).(*btf.FuncProto)
	return f
}

// Match finds the sections of all that somebody means by a name: a section with
// or without its target, a program type ("xdp", "BPF_PROG_TYPE_XDP"), or a
// section with a target of its own, which need not be among all. nil for none.
func Match(name string, all []string) []string {
	name = strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(name), `SEC("`), `")`)
	if t, ok := strings.CutPrefix(name, "BPF_PROG_TYPE_"); ok {
		name = strings.ToLower(t)
	}
	var found []string
	for _, s := range all {
		if typ, _ := loader.TypeOf(s); typ == name {
			found = append(found, s)
		}
	}
	if found != nil {
		return found
	}
	for _, s := range all {
		if s == name || s == withTarget(name) {
			return []string{s}
		}
	}
	for _, s := range all {
		if strings.HasPrefix(s, name+"/") {
			found = append(found, s)
		}
	}
	if typ, _ := loader.TypeOf(name); found == nil && typ != "" && typ != "ext" {
		return []string{name}
	}
	return found
}
