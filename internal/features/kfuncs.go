package features

import (
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
)

// kfuncBits are the flags of kfuncs by bit (KF_* in include/linux/btf.h).
var kfuncBits = strings.Fields(`acquire release ret_null trusted_args trusted_args sleepable destructive rcu iter_new iter_next
	iter_destroy rcu_protected fastcall arena_ret arena_arg1 arena_arg2 implicit_args spinlock_safe perfmon`)

func flagNames(bits uint32) []string {
	var names []string
	for i, name := range kfuncBits {
		if bits&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return names
}

// kfuncFlags lists the functions in the sets that a kernel can register as
// kfuncs, by BTF type, with their flags. The sets (struct btf_id_set8) are in
// a section of the kernel's executable, each with a symbol of its own.
func kfuncFlags(path string) (map[uint32]uint32, error) {
	f, err := elf.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read the kernel's kfuncs: %w", err)
	}
	defer f.Close()
	s := f.Section(".BTF_ids")
	if s == nil {
		return nil, fmt.Errorf("read the kernel's kfuncs: %s has no .BTF_ids section", path)
	}
	data, err := s.Data()
	if err != nil {
		return nil, fmt.Errorf("read the kernel's kfuncs: %w", err)
	}
	symbols, err := f.Symbols()
	if err != nil {
		return nil, fmt.Errorf("read the kernel's kfuncs: %w", err)
	}
	flags := map[uint32]uint32{}
	for _, sym := range symbols {
		if !strings.HasPrefix(sym.Name, "__BTF_ID__set8__") {
			continue
		}
		if err := readSet(data, sym.Value-s.Addr, flags); err != nil {
			return nil, fmt.Errorf("read the kernel's kfuncs: %s: %w", sym.Name, err)
		}
	}
	return flags, nil
}

// readSet reads a struct btf_id_set8: a count, flags, and pairs of a type and its flags.
func readSet(data []byte, at uint64, flags map[uint32]uint32) error {
	le := binary.LittleEndian
	if at > uint64(len(data)) || len(data)-int(at) < 8 {
		return errors.New("it lies outside its section")
	}
	n, pairs := le.Uint32(data[at:]), data[at+8:]
	if uint64(n)*8 > uint64(len(pairs)) {
		return errors.New("it is longer than its section")
	}
	for i := range n {
		flags[le.Uint32(pairs[8*i:])] |= le.Uint32(pairs[8*i+4:])
	}
	return nil
}
