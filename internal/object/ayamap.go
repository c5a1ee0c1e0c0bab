package object

import (
	"debug/elf"
	"encoding/binary"
	"errors"

	"github.com/cilium/ebpf"
)

// ayaMapSize is the size of aya's struct bpf_map_def: type, sizes of key and value,
// number of entries, flags, id, pinning. libbpf's, which it dropped in 1.0, had
// 20 bytes, iproute2's 36.
const ayaMapSize = 28

// addAyaMaps reads the maps of section "maps", which aya's macros write to.
func (o *Object) addAyaMaps(section int, s *elf.Section) error {
	data, err := o.contents(s)
	if err != nil {
		return err
	}
	for _, sym := range o.syms {
		if int(sym.Section) != section || elf.ST_TYPE(sym.Info) != elf.STT_OBJECT {
			continue
		}
		if sym.Size != ayaMapSize || sym.Value > uint64(len(data)) || uint64(len(data))-sym.Value < ayaMapSize {
			return errors.New("defines its maps in the legacy \"maps\" section, which libbpf 1.0 dropped; define them in SEC(\".maps\")")
		}
		field := func(i uint64) uint32 { return binary.LittleEndian.Uint32(data[sym.Value+4*i:]) }
		o.Maps = append(o.Maps, &Map{
			Name: sym.Name, Role: UserMap, Type: ebpf.MapType(field(0)), KeySize: field(1), ValueSize: field(2),
			MaxEntries: field(3), Flags: field(4), section: section, offset: sym.Value,
		})
	}
	return nil
}
