package loader

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/bpfdiag/bpfdiag/internal/loaderror"
	"github.com/bpfdiag/bpfdiag/internal/object"
	"github.com/bpfdiag/bpfdiag/umlinux"
	"github.com/cilium/ebpf/btf"
)

// Hook is what a section name makes of a program: where it is attached, and so
// what it may do.
type Hook struct {
	Section   string
	Type      ProgramType
	Attach    AttachType
	HasAttach bool // the section names an attach type
	Sleepable bool

	flags, expected, attachID uint32
}

// Sections lists the section names that libbpf knows; more may follow behind
// a slash where HasTarget says so.
func Sections() []string {
	var names []string
	for _, d := range sectionDefs {
		names = append(names, strings.TrimSuffix(d.name, "+"))
	}
	return names
}

// NeedsTarget says whether a section must name a function or type of the kernel's.
func NeedsTarget(section string) bool {
	d, ok := findSection(section)
	return ok && (d.flags&attachBTF != 0 || d.typ == typeStructOps)
}

// Hook finds what a section stands for in this kernel. A callback of a
// struct_ops is written "struct_ops/TYPE.MEMBER". An error says what the kernel
// lacks, or that libbpf does not know the section.
func (k *Kernel) Hook(section string) (Hook, error) {
	h := Hook{Section: section}
	p := &program{fn: &object.Function{Section: section}}
	def, known := findSection(section)
	if !known {
		return h, &loaderror.Error{Cause: loaderror.Section, Name: section, Similar: similarSections(section),
			Err: fmt.Errorf("SEC(%q) names no program type that libbpf knows", section)}
	}
	l := &load{kernel: k}
	var err error
	if def.typ == typeStructOps {
		_, callback, _ := strings.Cut(section, "/")
		typ, member, ok := strings.Cut(callback, ".")
		if !ok {
			return h, &loaderror.Error{Cause: loaderror.Target, What: loaderror.StructOps, Name: section,
				Err: fmt.Errorf("%q names no callback: write struct_ops/TYPE.MEMBER, such as struct_ops/tcp_congestion_ops.ssthresh", section)}
		}
		p.typ, p.attach, p.hasAtt = def.typ, def.attach, def.hasAttach
		if def.flags&sleepable != 0 {
			p.flags |= flagSleepable
		}
		p.attachID, p.expected, err = l.structOpsMember(typ, member)
	} else {
		err = l.setType(p)
	}
	h.Type, h.Attach, h.HasAttach = p.typ, p.attach, p.hasAtt
	h.Sleepable = p.flags&flagSleepable != 0
	h.flags, h.expected, h.attachID = p.flags, p.expected, p.attachID
	return h, err
}

// ContextStruct names the structure that user space declares as the argument
// of programs of this type, "" if there is none.
func (t ProgramType) ContextStruct() string { return contextStruct[t] }

// Probe is a program that is loaded for the verifier's answer to a question:
// instructions alone, without an object.
type Probe struct {
	Hook    Hook
	License string
	Insns   []object.Insn
	Maps    []ProbeMap
	Level   uint32 // of the log, beside the verifier's last words: 0, or 2 for all states
}

// ProbeMap says that the instruction, a load of 64 bits, is of the map in a slot.
type ProbeMap struct {
	Insn int
	Slot int32
}

// probeLog is enough for a complaint, or for the states of a few instructions.
const probeLog = 16 << 10

// Call is the call that loads the program.
func (p *Probe) Call() umlinux.Call {
	h := &p.Hook
	prog := &program{fn: &object.Function{Name: "probe"}, typ: h.Type, flags: h.flags, expected: h.expected, attachID: h.attachID,
		license: p.License, insns: p.Insns}
	slots := map[mapKey]int32{}
	for _, m := range p.Maps {
		key := mapKey{table: fmt.Sprint(m.Slot)}
		slots[key] = m.Slot
		prog.maps = append(prog.maps, mapRef{m.Insn, key})
	}
	return progLoad(prog, umlinux.NoSlot, slots, logStats|p.Level, probeLog)
}

// ProbeMapType is a map that is made to see whether a kernel can.
type ProbeMapType struct {
	Type, Key, Value, Entries, Flags uint32
	Extra                            uint64
	// Inner is the slot of a map of maps' template, BTF that of the types that
	// KeyType and ValueType are of; umlinux.NoSlot for none.
	Inner, BTF         int32
	KeyType, ValueType uint32
	StructOps          uint32 // BTF type of a struct_ops in the kernel
}

// Call is the call that makes the map and keeps it in a slot.
func (m *ProbeMapType) Call(slot int32) umlinux.Call {
	c := mapCreate(mapSpec{name: "probe", typ: m.Type, key: m.Key, value: m.Value, entries: m.Entries, flags: m.Flags, extra: m.Extra,
		inner: m.Inner, btf: m.BTF, keyType: m.KeyType, valueType: m.ValueType}, slot)
	le.PutUint32(c.Data[60:], m.StructOps) // btf_vmlinux_value_type_id
	return c
}

// LoadBTF is the call that loads types and keeps them in a slot.
func LoadBTF(raw []byte, slot int32) umlinux.Call { return btfLoad(raw, slot, 0) }

// Compare orders kernels by version.
func (k *Kernel) Compare(o *Kernel) int {
	return cmp.Compare(k.versionCode(), o.versionCode())
}

// Types lets f look at the kernel's types. f must not keep them: only one
// goroutine at a time may.
func (k *Kernel) Types(f func(*btf.Spec) error) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	spec, err := k.load()
	if err != nil {
		return err
	}
	return f(spec)
}

// Same says that two sections make the same of a program.
func (h Hook) Same(o Hook) bool {
	return h.Type == o.Type && h.flags == o.flags && h.expected == o.expected && h.attachID == o.attachID
}
