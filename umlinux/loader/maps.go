package loader

import (
	"fmt"
	"syscall"

	"github.com/bpfdiag/bpfdiag/internal/loaderror"
	"github.com/bpfdiag/bpfdiag/internal/object"
	"github.com/bpfdiag/bpfdiag/umlinux"
	"github.com/cilium/ebpf"
)

// Sizes that the verifier never looks at are kept small, because the guest has
// little memory: elements of preallocated hash tables and queues, and bytes of
// ring buffers.
const (
	maxHashEntries = 4096
	maxRingBytes   = 64 << 10
)

// entries returns the max_entries that a map is made with: what the object
// says, or what makes the map possible where it says nothing (fixup_obj_maps
// in veristat, map_set_def_max_entries and adjust_ringbuf_sz in libbpf).
func (l *load) entries(m *object.Map) uint32 {
	n := m.MaxEntries
	switch m.Type {
	case ebpf.SkStorage, ebpf.TaskStorage, ebpf.InodeStorage, ebpf.CGroupStorage, ebpf.PerCPUCGroupStorage, ebpf.CgroupStorage:
		return n
	case ebpf.Arena:
		need := uint32(roundUp(l.obj.ArenaDataSize(), pageSize) / pageSize)
		if n == 0 {
			return max(need, 1)
		}
		return n
	case ebpf.RingBuf, ebpf.UserRingbuf:
		size := uint32(pageSize)
		for size < n && size < maxRingBytes {
			size *= 2
		}
		return size
	case ebpf.Hash, ebpf.PerCPUHash, ebpf.LRUHash, ebpf.LRUCPUHash, ebpf.Queue, ebpf.Stack, ebpf.StackTrace, ebpf.BloomFilter:
		n = min(n, maxHashEntries)
	}
	return max(n, 1)
}

// madeMap follows one map through its creation.
type madeMap struct {
	key   mapKey
	slot  int32
	spec  mapSpec
	calls int // index of the create call in the batch
	err   error
}

// mapSpecs lists the maps that some linked program uses, templates of maps of
// maps before the maps that need them.
func (l *load) mapSpecs(programs []*program) []*madeMap {
	var out []*madeMap
	seen := map[mapKey]bool{}
	add := func(k mapKey, s mapSpec) int32 {
		slot := l.nextSlot
		l.nextSlot++
		out = append(out, &madeMap{key: k, slot: slot, spec: s})
		return slot
	}
	var user func(m *object.Map) int32
	user = func(m *object.Map) int32 {
		s := mapSpec{name: m.Name, typ: uint32(m.Type), key: m.KeySize, value: m.ValueSize, entries: l.entries(m),
			flags: m.Flags, numa: m.NumaNode, extra: m.Extra, inner: umlinux.NoSlot, btf: btfSlot}
		if hasMapBTF(m) {
			s.keyType, s.valueType = m.KeyType, m.ValueType
		}
		if m.Role != object.UserMap {
			s.name = l.obj.Name[:min(len(l.obj.Name), 15-min(len(m.Name), 15))] + m.Name
			s.keyType = 0
		}
		if m.Inner != nil {
			s.inner = user(m.Inner)
		}
		return add(mapKey{m: m}, s)
	}
	for _, p := range programs {
		for _, r := range p.maps {
			if seen[r.key] || r.key.m == nil {
				continue
			}
			seen[r.key] = true
			user(r.key.m)
		}
		for _, t := range p.tables {
			add(t.key, mapSpec{name: ".jumptables", typ: mapTypeInsnArray, key: 4, value: 16,
				entries: uint32(len(t.entries)), inner: umlinux.NoSlot, btf: umlinux.NoSlot})
		}
	}
	return out
}

const mapTypeInsnArray = 34 // BPF_MAP_TYPE_INSN_ARRAY

// hasMapBTF says whether a map type takes key and value types
// (bpf_object__create_map).
func hasMapBTF(m *object.Map) bool {
	switch m.Type {
	case ebpf.PerfEventArray, ebpf.CGroupArray, ebpf.StackTrace, ebpf.ArrayOfMaps, ebpf.HashOfMaps, ebpf.DevMap, ebpf.DevMapHash,
		ebpf.CPUMap, ebpf.XSKMap, ebpf.SockMap, ebpf.SockHash, ebpf.Queue, ebpf.Stack, ebpf.Arena:
		return false
	}
	return true
}

// fill lists the calls that give a new map its contents. Contents of other
// maps cannot matter to the verifier.
func (l *load) fill(m *madeMap, programs []*program) []umlinux.Call {
	if m.key.m == nil {
		var calls []umlinux.Call
		for _, p := range programs {
			for _, t := range p.tables {
				if t.key != m.key {
					continue
				}
				for i, insn := range t.entries { // struct bpf_insn_array_value
					v := make([]byte, 16)
					le.PutUint32(v, insn)
					calls = append(calls, mapUpdate(m.slot, uint32(i), v))
				}
			}
		}
		return append(calls, mapFreeze(m.slot))
	}
	switch om := m.key.m; {
	case om.Role == object.KconfigMap:
		return []umlinux.Call{mapUpdate(m.slot, 0, l.kconfigData()), mapFreeze(m.slot)}
	case om.Role == object.RodataMap:
		return []umlinux.Call{mapUpdate(m.slot, 0, om.Data), mapFreeze(m.slot)}
	case om.Role == object.DataMap:
		return []umlinux.Call{mapUpdate(m.slot, 0, om.Data)}
	case om.Type == ebpf.Arena && om.Extra == 0:
		// The verifier wants to know the arena's address in user space.
		return []umlinux.Call{mapMmap(m.slot, om.Extra, uint64(m.spec.entries)*pageSize)}
	}
	return nil
}

// kconfigData is the .kconfig map's contents, filled in as externs are resolved.
func (l *load) kconfigData() []byte {
	if l.kconf == nil {
		l.kconf = append([]byte(nil), l.obj.Kconfig().Data...)
	}
	return l.kconf
}

// prepare makes the object's BTF and maps in the guest. What fails is noted
// where it failed; err is set only when the guest died.
func (l *load) prepare(m Machine, programs []*program) error {
	calls := []umlinux.Call{{Op: umlinux.OpReset, Slot: umlinux.NoSlot}}
	if l.hasBTF {
		calls = append(calls, btfLoad(l.btf, btfSlot, 0))
	}
	fills := map[int]*madeMap{}
	for _, mm := range l.maps {
		mm.err = nil
		mm.calls = len(calls)
		calls = append(calls, mapCreate(mm.spec, mm.slot))
		for _, c := range l.fill(mm, programs) {
			fills[len(calls)] = mm
			calls = append(calls, c)
		}
	}
	replies, err := m.Do(l.ctx, calls, l.opts.Timeout)
	if err != nil {
		return err
	}
	if l.hasBTF && replies[1].Errno != 0 {
		// As libbpf does: BTF that the kernel does not take is left out.
		if err := l.explainBTF(m); err != nil {
			return err
		}
		return l.prepare(m, programs)
	}
	retry := false
	for _, mm := range l.maps {
		r := replies[mm.calls]
		switch {
		case r.Errno == 0:
		case mm.spec.keyType != 0 || mm.spec.valueType != 0: // libbpf: "Retrying without BTF"
			mm.spec.keyType, mm.spec.valueType = 0, 0
			retry = true
		case (r.Errno == syscall.ENOMEM || r.Errno == syscall.E2BIG) && mm.spec.entries > 1 && mm.key.m != nil && mm.key.m.Type != ebpf.Arena:
			mm.spec.entries /= 16
			mm.spec.entries = max(mm.spec.entries, 1)
			retry = true
		default:
			mm.err = l.mapError(mm, r.Errno)
		}
	}
	if retry {
		return l.prepare(m, programs)
	}
	for i, mm := range fills {
		if e := replies[i].Errno; e != 0 && mm.err == nil {
			mm.err = &loaderror.Error{Cause: loaderror.MapCreation, Name: mapName(mm), Kernel: l.kernel.Release, Errno: e,
				Err: fmt.Errorf("map %s: its contents could not be set: %w", mm.spec.name, e)}
		}
	}
	return nil
}

func (l *load) mapError(mm *madeMap, errno syscall.Errno) error {
	if mm.key.m == nil {
		return l.kernel.missing(loaderror.MapType, "insn_array")
	}
	err := fmt.Errorf("map %s (type %v, key %d bytes, value %d bytes, %d entries, flags %#x) could not be created: %w",
		mm.spec.name, ebpf.MapType(mm.spec.typ), mm.spec.key, mm.spec.value, mm.spec.entries, mm.spec.flags, errno)
	return &loaderror.Error{Cause: loaderror.MapCreation, What: ebpf.MapType(mm.spec.typ).String(), Name: mapName(mm),
		Kernel: l.kernel.Release, Errno: errno, NoType: l.kernel.lacksMapType(mm.spec.typ), Err: err}
}

// mapName is what the object calls a map.
func mapName(mm *madeMap) string {
	if mm.key.m != nil {
		return mm.key.m.Name
	}
	return mm.spec.name
}

// explainBTF loads the object's BTF once more, for the kernel's reason why it
// refuses it, and goes on without.
func (l *load) explainBTF(m Machine) error {
	replies, err := m.Do(l.ctx, []umlinux.Call{btfLoad(l.btf, btfSlot, shortLog)}, l.opts.Timeout)
	if err != nil {
		return err
	}
	l.hasBTF = false
	l.btfLog = string(replies[0].Log)
	for _, mm := range l.maps {
		mm.spec.btf, mm.spec.keyType, mm.spec.valueType = umlinux.NoSlot, 0, 0
	}
	return nil
}
