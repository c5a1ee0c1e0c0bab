package rules

import (
	"fmt"
	"strings"
	"syscall"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/object"
	"github.com/cilium/ebpf"
)

// malformedMap: libbpf cannot read the definition (parse_btf_map_def).
func malformedMap(c *Case, f *Failure, d *diag.Diagnostic) {
	reason := strings.TrimPrefix(f.Err.Error(), "map "+f.Name+": ")
	d.Message = "the definition of map " + quote(f.Name) + " is malformed"
	primary(d, "the map is used here")
	if l, ok := c.mapDefinition(f.Name); ok {
		markFirst(d, l, reason)
		for i := range d.Labels { // the definition is what has to be changed
			d.Labels[i].Primary = i == 0
		}
	} else {
		sentences(d, reason)
	}
	help := "write it as `struct { __uint(type, BPF_MAP_TYPE_…); __uint(max_entries, …); __type(key, …); __type(value, …); } " + f.Name + " SEC(\".maps\");`"
	switch {
	case strings.HasPrefix(reason, "is static"):
		help = "leave out `static`"
	case strings.HasPrefix(reason, "conflicting"):
		help = "give the size once: by `__type()`, or by `__uint(key_size, …)` and `__uint(value_size, …)`"
	}
	d.Helps = append(d.Helps, diag.Help{Text: help, Applicability: diag.Placeholder})
}

// refusedMap: BPF_MAP_CREATE failed, which says a number at best. What the
// kernel wants of a map of this type tells the reason.
func refusedMap(c *Case, f *Failure, d *diag.Diagnostic) {
	d.Message = fmt.Sprintf("map %s could not be created: %v", quote(f.Name), f.Errno)
	primary(d, "the map is used here")
	if l, ok := c.mapDefinition(f.Name); ok {
		markFirst(d, l, "Linux "+f.Kernel+" refuses it")
		for i := range d.Labels {
			d.Labels[i].Primary = i == 0
		}
	}
	var m *object.Map
	if c.Object != nil {
		for _, o := range c.Object.Maps {
			if o.Name == f.Name {
				m = o
			}
		}
	}
	if m == nil {
		return
	}
	if f.NoType {
		d.Class = diag.ClassEnvironment
		d.Message = fmt.Sprintf("Linux %s has no maps of type %s", f.Kernel, mapTypeName(m.Type))
		suggest(d, "leave the map out on such kernels with bpf_map__set_autocreate(), and keep the verifier from what uses it")
		return
	}
	sentences(d, fmt.Sprintf("it is of type %s, with keys of %d bytes, values of %d bytes, %d entries, flags %#x", mapTypeName(m.Type), m.KeySize, m.ValueSize, m.MaxEntries, m.Flags))
	if f.Errno == syscall.EOPNOTSUPP && m.Type == ebpf.Arena { // arena_map_alloc asks bpf_jit_supports_arena
		d.Class = diag.ClassEnvironment
		d.Message = "the JIT compiler does not support arenas"
		sentences(d, "an arena needs a JIT compiler that knows arenas; a program that is interpreted cannot use one")
		suggest(d, "turn the JIT compiler on, or use it on another architecture: `bpfdiag check --jit`")
		return
	}
	wrong := mapFaults(m)
	for _, w := range wrong {
		d.Helps = append(d.Helps, diag.Help{Text: w, Applicability: diag.Placeholder})
	}
	if len(wrong) == 0 && f.Errno == syscall.ENOMEM || f.Errno == syscall.E2BIG {
		d.Helps = append(d.Helps, diag.Help{Text: "make it smaller, or give the guest more memory with `--memory MIB`", Applicability: diag.Placeholder})
	}
}

// Flags of BPF_MAP_CREATE, and limits of it.
const (
	noPrealloc  = 1 << 0
	mmapable    = 1 << 10
	perCPUValue = 32 << 10 // PCPU_MIN_UNIT_SIZE
)

// mapFaults says what the kernel's map_alloc_check and map_alloc of this type
// object to, as advice. They are the same from 6.1 to 7.3.
func mapFaults(m *object.Map) []string {
	var out []string
	want := func(ok bool, format string, args ...any) {
		if !ok {
			out = append(out, fmt.Sprintf(format, args...))
		}
	}
	switch m.Type {
	case ebpf.Array, ebpf.PerCPUArray:
		want(m.KeySize == 4, "make the key 4 bytes: `__type(key, __u32)`; an array is indexed")
		want(m.ValueSize > 0, "give it a value: `__type(value, …)`")
	case ebpf.ProgramArray, ebpf.PerfEventArray, ebpf.CGroupArray, ebpf.ArrayOfMaps:
		want(m.KeySize == 4, "make the key 4 bytes: `__uint(key_size, sizeof(__u32))`; an array is indexed")
		want(m.ValueSize == 4, "make the value 4 bytes, a descriptor: `__uint(value_size, sizeof(__u32))`")
	case ebpf.HashOfMaps:
		want(m.KeySize > 0, "give it a key: `__type(key, …)`")
	case ebpf.Hash, ebpf.PerCPUHash, ebpf.LRUHash, ebpf.LRUCPUHash:
		want(m.KeySize > 0, "give it a key: `__type(key, …)`")
		want(m.ValueSize > 0, "give it a value: `__type(value, …)`; a set has one as well, such as `__u8`")
		if m.Type == ebpf.LRUHash || m.Type == ebpf.LRUCPUHash {
			want(m.Flags&noPrealloc == 0, "leave `BPF_F_NO_PREALLOC` out; an LRU map is always preallocated")
		}
	case ebpf.RingBuf, ebpf.UserRingbuf:
		want(m.KeySize == 0 && m.ValueSize == 0, "leave key and value out; a ring buffer holds records of any size")
	case ebpf.Queue, ebpf.Stack, ebpf.BloomFilter:
		want(m.KeySize == 0, "leave the key out; a map of type %s has none", mapTypeName(m.Type))
		want(m.ValueSize > 0, "give it a value: `__type(value, …)`")
	case ebpf.LPMTrie:
		want(m.Flags&noPrealloc != 0, "add `__uint(map_flags, BPF_F_NO_PREALLOC)`; an LPM trie is never preallocated")
		want(m.KeySize >= 5, "make the key a `__u32` prefix length with at least one byte of data behind it")
		want(m.ValueSize > 0, "give it a value: `__type(value, …)`")
	case ebpf.StackTrace:
		want(m.KeySize == 4, "make the key 4 bytes: `__uint(key_size, sizeof(__u32))`")
		want(m.ValueSize >= 8 && m.ValueSize%8 == 0, "make the value a whole number of 8-byte addresses")
	case ebpf.SkStorage, ebpf.TaskStorage, ebpf.InodeStorage, ebpf.CgroupStorage:
		want(m.Flags&noPrealloc != 0, "add `__uint(map_flags, BPF_F_NO_PREALLOC)`; local storage is made when it is asked for")
		want(m.MaxEntries == 0, "leave `max_entries` out; there is one element for each object")
		want(m.KeyType != 0 && m.KeySize == 4, "make the key an int: `__type(key, int)`")
		want(m.ValueType != 0, "give it a value with a type: `__type(value, …)`")
	case ebpf.Arena:
		want(m.KeySize == 0 && m.ValueSize == 0, "leave key and value out; an arena is memory")
		want(m.Flags&mmapable != 0, "add `__uint(map_flags, BPF_F_MMAPABLE)`")
	}
	if m.Type == ebpf.ArrayOfMaps || m.Type == ebpf.HashOfMaps { // bpf_map_meta_alloc of inner_map_fd
		want(m.Inner != nil, "say what the inner maps are like, in place of the value: `__array(values, struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, …); __type(key, …); __type(value, …); })`")
	}
	if m.Type == ebpf.PerCPUArray || m.Type == ebpf.PerCPUHash || m.Type == ebpf.LRUCPUHash {
		want(m.ValueSize <= perCPUValue, "make the value at most %d bytes, the most that a per-CPU map takes", perCPUValue)
	}
	return out
}

// mapTypes are the names of enum bpf_map_type (include/uapi/linux/bpf.h), as C has them.
var mapTypes = strings.Fields(`UNSPEC HASH ARRAY PROG_ARRAY PERF_EVENT_ARRAY PERCPU_HASH PERCPU_ARRAY STACK_TRACE
CGROUP_ARRAY LRU_HASH LRU_PERCPU_HASH LPM_TRIE ARRAY_OF_MAPS HASH_OF_MAPS DEVMAP SOCKMAP CPUMAP XSKMAP SOCKHASH
CGROUP_STORAGE REUSEPORT_SOCKARRAY PERCPU_CGROUP_STORAGE QUEUE STACK SK_STORAGE DEVMAP_HASH STRUCT_OPS RINGBUF
INODE_STORAGE TASK_STORAGE BLOOM_FILTER USER_RINGBUF CGRP_STORAGE ARENA INSN_ARRAY RHASH`)

func mapTypeName(t ebpf.MapType) string {
	if int(t) < len(mapTypes) {
		return "BPF_MAP_TYPE_" + mapTypes[t]
	}
	return fmt.Sprint(uint32(t))
}
