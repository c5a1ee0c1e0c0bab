package rules

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/loaderror"
	"github.com/bpfdiag/bpfdiag/internal/object"
	"github.com/cilium/ebpf"
)

var (
	_ = rule("BPF0810", badDescriptor)
	_ = rule("BPF0811", mapNotUsable)
	_ = rule("BPF0812", mapValueAddress)
	_ = rule("BPF0813", mapNotLoaded)
	_ = rule("BPF0815", mapAttributes)
	_ = rule("BPF0820", relocationFailed)
	_ = rule("BPF0821", kernelSymbolCalled)
	_ = rule("BPF0825", kernelSymbol)
	_ = rule("BPF0860", signatureRefused)
)

// reference is what an instruction of the object refers to.
func (c *Case) reference(insn int) (r object.Reloc, ok bool) {
	fn, i, ok := c.function(insn)
	if !ok {
		return r, false
	}
	for _, r := range fn.Relocs {
		if r.Insn == i {
			return r, true
		}
	}
	return r, false
}

// fixedUp finds the instruction of a line that libbpf put into the log in place
// of the verifier's, "12: <invalid kfunc call>" (fixup_verifier_log).
func (c *Case) fixedUp(d *diag.Diagnostic) {
	number, rest, ok := strings.Cut(c.Summary.Message, ": <invalid ")
	insn, err := strconv.Atoi(number)
	if !ok || rest == "" || err != nil || insn < 0 {
		return
	}
	c.Summary.Insn = insn
	c.atInsn(d, insn)
}

// locate finds the instruction that a complaint is about which does not name it:
// references to maps are resolved before the verifier begins to walk
// (resolve_pseudo_ldimm64). It is the nth, from 1, of those that match.
func (c *Case) locate(d *diag.Diagnostic, nth int, match func(object.Insn, *object.Reloc) bool) {
	if c.Summary.Insn >= 0 || c.Locate == nil {
		return
	}
	relocs := map[*object.Function]map[int]*object.Reloc{}
	for insn := 0; ; insn++ {
		fn, i, ok := c.Locate(insn)
		if !ok {
			return
		}
		if relocs[fn] == nil {
			relocs[fn] = map[int]*object.Reloc{}
			for n := range fn.Relocs {
				relocs[fn][fn.Relocs[n].Insn] = &fn.Relocs[n]
			}
		}
		if !match(fn.Insns[i], relocs[fn][i]) {
			continue
		}
		if nth--; nth == 0 {
			c.Summary.Insn = insn
			c.atInsn(d, insn)
			return
		}
	}
}

// atInsn makes an instruction the place of a diagnostic.
func (c *Case) atInsn(d *diag.Diagnostic, insn int) {
	d.Insn = new(insn)
	if l, ok := c.label(insn, ""); ok {
		l.Primary = true
		d.Labels, d.Function = []diag.Label{l}, l.Function
	}
}

// badDescriptor: the loader put a descriptor into the program, or beside it, that is
// not of a map or a module's BTF (add_used_map, add_fd_from_fd_array, find_kfunc_desc_btf).
func badDescriptor(c *Case, d *diag.Diagnostic) {
	p := c.pattern()
	if strings.HasPrefix(p, "fd %d is not") {
		c.locate(d, 1, func(in object.Insn, r *object.Reloc) bool {
			return r == nil && in.Code == object.CodeLdImm && in.Src() == object.PseudoMap && strconv.Itoa(int(in.Imm)) == c.wildcard(0)
		})
	}
	what := "map"
	if strings.Contains(p, "BTF") && !strings.Contains(p, "or btf") || strings.HasPrefix(p, "kfunc") {
		what = "kernel module's BTF"
	}
	d.Message = "the loader gave the program a descriptor that is of no " + what
	primary(d, "refers to it")
	if strings.Contains(p, "fd_array") || strings.Contains(p, "fd_idx") {
		d.Message = "the loader's list of descriptors does not fit the program"
	}
	if r, ok := c.reference(c.Summary.Insn); ok && r.Map != nil {
		primary(d, "refers to map "+quote(r.Map.Name))
	}
	sentences(d, "a program holds descriptors in place of maps; a loader puts them in before it loads the program")
	suggest(d, "load the object with libbpf or another loader that relocates maps, and make the map before the program")
}

// mapNotUsable: check_map_prog_compatibility.
func mapNotUsable(c *Case, d *diag.Diagnostic) {
	c.locateMap(d)
	name := "this map"
	if r, ok := c.reference(c.Summary.Insn); ok && r.Map != nil {
		name = "map " + quote(r.Map.Name)
		if l, ok := c.mapDefinition(r.Map.Name); ok {
			markFirst(d, l, "defined here")
		}
	}
	d.Message = "the program cannot use " + name
	primary(d, "used here")
	switch p := c.pattern(); {
	case strings.HasPrefix(p, "only one cgroup storage"):
		d.Message = "the program uses two cgroup storages of one type"
		primary(d, "this is the second one")
		sentences(d, "a program has one storage of type BPF_MAP_TYPE_CGROUP_STORAGE and one that is per CPU; the kernel finds it by the cgroup that the program is attached to")
		suggest(d, "put both values into one structure, or use BPF_MAP_TYPE_CGRP_STORAGE")
	case strings.HasPrefix(p, "Only one arena"):
		d.Message = "the program uses two arenas"
		primary(d, "this is the second one")
		suggest(d, "put everything into one arena; objects of several arenas need several programs")
	case strings.HasPrefix(p, "arena's user address"):
		d.Message = "the arena has no address in user space yet"
		sentences(d, "pointers into an arena are the user-space addresses, which have to be known when the program is loaded")
		suggest(d, "map the arena with mmap() before the program is loaded (libbpf does so), or set `__ulong(map_extra, ADDRESS)`")
	case strings.HasPrefix(p, "bpf_struct_ops"):
		sentences(d, "a map of type BPF_MAP_TYPE_STRUCT_OPS holds programs for the kernel to call; no program can read it")
		suggest(d, "keep what programs need to know in a global variable")
	case strings.HasPrefix(p, "offload"):
		sentences(d, "a program that is offloaded to a device uses maps of the same device, and others none")
		suggest(d, "load the map and the program for the same interface (`map_ifindex`, `prog_ifindex`)")
	case strings.HasPrefix(p, "program's hash"):
		sentences(d, "the map was made for one program (`excl_prog_hash`), and this is another one")
		suggest(d, "make the map anew for this program")
	}
}

// locateMap finds the reference to the map that mapNotUsable is about.
func (c *Case) locateMap(d *diag.Diagnostic) {
	var seen []*object.Map
	switch p := c.pattern(); {
	case strings.HasPrefix(p, "only one cgroup storage"):
		c.locate(d, 1, func(_ object.Insn, r *object.Reloc) bool {
			if r == nil || r.Map == nil || r.Map.Type != ebpf.CGroupStorage && r.Map.Type != ebpf.PerCPUCGroupStorage {
				return false
			}
			for _, m := range seen {
				if m != r.Map && m.Type == r.Map.Type {
					return true
				}
			}
			seen = append(seen, r.Map)
			return false
		})
	case strings.HasPrefix(p, "Only one arena"):
		c.locate(d, 1, func(_ object.Insn, r *object.Reloc) bool {
			if r == nil || r.Map == nil || r.Map.Type != ebpf.Arena {
				return false
			}
			seen = append(seen, r.Map)
			return seen[0] != r.Map
		})
	}
}

// mapValueAddress: the address of a global variable, BPF_PSEUDO_MAP_VALUE, in resolve_pseudo_ldimm64.
func mapValueAddress(c *Case, d *diag.Diagnostic) {
	if strings.HasPrefix(c.pattern(), "invalid access to map value pointer") {
		c.locate(d, 1, func(in object.Insn, r *object.Reloc) bool {
			return r != nil && r.Kind == object.RelocData && fmt.Sprint(uint64(uint32(in.Imm))+r.Offset) == c.wildcard(1)
		})
	}
	r, ok := c.reference(c.Summary.Insn)
	name := "a map"
	if ok && r.Map != nil {
		name = "map " + quote(r.Map.Name)
	}
	d.Message = "this is no address inside the value of " + name
	primary(d, "the address is taken here")
	switch p := c.pattern(); {
	case strings.HasPrefix(p, "no direct value"):
		d.Message = "values of " + name + " have no fixed address"
		sentences(d, "only the value of an array with one element has one and since Linux 7.3 that of a per-CPU array")
		suggest(d, "look the element up with `bpf_map_lookup_elem()`")
	case strings.HasPrefix(p, "invalid access to map value pointer"):
		sentences(d, fmt.Sprintf("the value has %s bytes, and the address is %s bytes behind its beginning", c.wildcard(0), c.wildcard(1)))
		suggest(d, "keep the index inside of the variable; the compiler has folded a constant one into the address")
	case strings.HasPrefix(p, "direct value offset"):
		sentences(d, "an offset of "+c.wildcard(0)+" bytes is more than the kernel takes (BPF_MAX_VAR_OFF, 512 MiB)")
	}
}

// mapNotLoaded: libbpf leaves an invalid call of a reference to a map that was
// not to be made (poison_map_ldimm64).
func mapNotLoaded(c *Case, d *diag.Diagnostic) {
	c.fixedUp(d)
	name := c.wildcard(0)
	if strings.HasPrefix(c.pattern(), "invalid func") {
		name = ""
		if r, ok := c.reference(c.Summary.Insn); ok && r.Map != nil {
			name = r.Map.Name
		}
	}
	d.Message = "a map is used here, but the loader was told not to create it"
	if name != "" {
		d.Message = "map " + quote(name) + " is used here, but the loader was told not to create it"
		if l, ok := c.mapDefinition(name); ok {
			markFirst(d, l, "defined here")
		}
	}
	primary(d, "used here")
	sentences(d, "bpf_map__set_autocreate() turned its creation off, mostly because the kernel does not know the map's type")
	suggest(d, "keep the verifier from getting here: guard the use with a `const volatile` variable that the loader sets together with bpf_map__set_autocreate()")
}

// mapAttributes: map_create with a log.
func mapAttributes(c *Case, d *diag.Diagnostic) {
	attr := strings.TrimSuffix(strings.TrimPrefix(c.match.Text, "Invalid "), ".")
	if strings.HasPrefix(c.match.Text, "btf_vmlinux") {
		attr = "btf_vmlinux_value_type_id"
	}
	if attr == "attr" {
		d.Message = "the map's attributes are larger than " + c.linux() + " knows"
		d.Class = diag.ClassEnvironment
		return
	}
	d.Message = "a map has a `" + attr + "` that " + c.linux() + " does not take"
	suggest(d, "see the map's definition, and what the loader sets of it at run time")
}

// relocationFailed: of a log alone, or of a relocation that the kernel makes
// itself (light skeletons: bpf_core_apply in kernel/bpf/btf.c).
func relocationFailed(c *Case, d *diag.Diagnostic) {
	c.fixedUp(d)
	primary(d, "relocated here")
	name := ""
	if fn, i, ok := c.function(c.Summary.Insn); ok && c.Object != nil {
		for _, r := range c.Object.CORERelocations(fn) {
			if r.Insn == i {
				name = r.Name
			}
		}
	}
	kind := ""
	if spec, ok := strings.CutPrefix(c.match.Text, "failed to resolve CO-RE relocation <"); ok {
		// "<byte_off> [16] struct task_struct.comm (0:5 @ offset 8)"
		kind, spec, _ = strings.Cut(spec, "> ")
		_, spec, _ = strings.Cut(spec, "] ")
		if at, _, found := strings.Cut(spec, " ("); found && name == "" {
			name = at
		}
	}
	switch {
	case name == "":
		d.Message = "a CO-RE relocation failed"
		primary(d, "the failed relocation")
	case strings.HasPrefix(c.pattern(), "invalid func"), kind != "":
		d.Message = quote(name) + " does not exist in the kernel that this was loaded into"
		needs := "needs to know where the field is in the kernel"
		if !strings.Contains(name, ".") || strings.HasPrefix(kind, "enum") || strings.HasPrefix(name, "enum ") {
			needs = "needs it"
		}
		primary(d, needs)
	default:
		d.Message = "the CO-RE relocation of " + quote(name) + " cannot be made"
	}
	if !strings.HasPrefix(c.pattern(), "invalid func") && kind == "" {
		sentences(d, c.match.Text)
		return
	}
	sentences(d, "a field has no place in the kernel if it, or its structure, has another name there, or another kind of type")
	if typ, field, ok := strings.Cut(name, "."); ok {
		d.Helps = append(d.Helps, c.existenceGuard(&Failure{Insn: c.Summary.Insn}, d, "bpf_core_field_exists("+typ+", "+field+")", "bpf/bpf_core_read.h", "where the kernel has it"))
		return
	}
	suggest(d, "guard it with `bpf_core_field_exists()`, `bpf_core_type_exists()` or `bpf_core_enum_value_exists()`")
}

// kernelSymbolCalled: a weak kfunc that the kernel does not have.
func kernelSymbolCalled(c *Case, d *diag.Diagnostic) {
	c.fixedUp(d)
	name := c.wildcard(0)
	if _, err := strconv.Atoi(name); err == nil {
		name = ""
		if r, ok := c.reference(c.Summary.Insn); ok && r.Extern != nil {
			name = r.Extern.Name
		}
	}
	if name == "" {
		d.Message = "a kernel function is called that the kernel does not have"
		primary(d, "called without a check that it exists")
		suggest(d, "call it only where `bpf_ksym_exists()` says that it is there")
		return
	}
	f := Failure{Error: &loaderror.Error{Name: name, Weak: true, Kernel: "?"}, Insn: c.Summary.Insn}
	missingKfunc(c, &f, d)
	d.Message = quote(name) + " is called, but the kernel that this was loaded into does not have it"
}

// kernelSymbol: check_pseudo_btf_id.
func kernelSymbol(c *Case, d *diag.Diagnostic) {
	name := ""
	if r, ok := c.reference(c.Summary.Insn); ok && r.Extern != nil {
		name = r.Extern.Name
	}
	d.Message = "this kernel symbol cannot be used by the program"
	if name != "" {
		d.Message = "the kernel symbol " + quote(name) + " cannot be used by the program"
		if l, _, ok := c.declaration(name); ok {
			markFirst(d, l, "declared here")
		}
	}
	primary(d, "its address is taken here")
	switch p := c.pattern(); {
	case p == "pseudo btf_id %d in ldimm64 isn't KIND_VAR.":
		if name != "" {
			d.Message = c.linux() + " cannot say whether function " + quote(name) + " exists"
		}
		d.Class = diag.ClassEnvironment
		sentences(d, "kernels before 6.4 take the address of kernel variables only, not of functions; `bpf_ksym_exists()` of a function takes it")
		suggest(d, "decide by something else that came with the function: a `const volatile` variable that the loader sets, `bpf_core_field_exists()`, or `LINUX_KERNEL_VERSION`")
	case strings.HasPrefix(p, "ldimm64 failed to find the address"):
		d.Message = "the kernel symbol " + quote(c.wildcard(0)) + " has no address in this kernel"
		d.Class = diag.ClassEnvironment
		sentences(d, "the kernel looks it up in its own symbol table (`CONFIG_KALLSYMS_ALL` for variables)")
	case strings.HasPrefix(p, "ldimm64 unable to resolve the size"):
		sentences(d, "the kernel's BTF does not say how large its type "+quote(c.wildcard(0))+" is")
	}
}

// signatureRefused: signed programs, since Linux 6.18.
func signatureRefused(c *Case, d *diag.Diagnostic) {
	d.Message = "the program's signature is refused"
	if strings.HasPrefix(c.pattern(), "signed") {
		d.Message = "the signed program's loader breaks the rules for signed programs"
	}
	sentences(d, "a signature covers the instructions, and through an exclusive, frozen array the metadata that they check; what it does not cover a signed program cannot have")
	suggest(d, "sign the object that is loaded, with `bpftool -S -k KEY -i CERT gen skeleton`, and have its certificate in the keyring that the loader names")
}
