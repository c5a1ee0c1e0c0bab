package debuginfo

import (
	"debug/dwarf"
	"encoding/binary"
	"errors"
)

// unit is what is needed of a compile unit.
type unit struct {
	version      int
	is64         bool   // 64-bit DWARF
	addrSize     int    // in bytes
	root         uint32 // offset of the unit's first entry in .debug_info
	addrBase     uint64
	loclistsBase uint64
	lowPC        uint64
}

// subprogram is where .debug_info describes the function at an address.
type subprogram struct {
	off  dwarf.Offset
	unit *unit
}

// skim finds the functions in .debug_info. debug/dwarf would build every
// entry of an object (types of vmlinux.h, mostly) for the few that are
// functions; this only steps over their attributes.
//
// What is malformed ends the unit that it is in.
func skim(sec map[string][]byte) map[uint64]subprogram {
	out := map[uint64]subprogram{}
	info := sec["info"]
	abbrevs := map[uint64]map[uint64]*abbrev{}
	for base := 0; base < len(info); {
		r := buf{data: info, off: base}
		u, end, abbrevOff, err := unitHeader(&r)
		if err != nil {
			return out
		}
		base = end
		table, ok := abbrevs[abbrevOff]
		if !ok {
			table = abbrevTable(sec["abbrev"], abbrevOff)
			abbrevs[abbrevOff] = table
		}
		r.data = info[:end]
		u.skimEntries(&r, table, sec["addr"], out)
	}
	return out
}

// unitHeader reads a unit's header: DWARF 5, 7.5.1.1 and DWARF 4, 7.5.1.1.
func unitHeader(r *buf) (u *unit, end int, abbrevOff uint64, err error) {
	u = &unit{}
	n := uint64(r.u32())
	if n == 0xffffffff {
		u.is64, n = true, r.u64()
	}
	if r.bad || n > uint64(len(r.data)-r.off) {
		return nil, 0, 0, errors.New("truncated unit")
	}
	end = r.off + int(n)
	u.version = int(r.u16())
	kind := uint8(1) // DW_UT_compile
	if u.version >= 5 {
		kind, u.addrSize = r.u8(), int(r.u8())
	}
	abbrevOff = r.offset(u.is64)
	if u.version < 5 {
		u.addrSize = int(r.u8())
	}
	switch kind {
	case 4, 5: // DW_UT_skeleton, DW_UT_split_compile
		r.u64()
	case 2, 6: // DW_UT_type, DW_UT_split_type
		r.u64()
		r.offset(u.is64)
	}
	if r.bad || u.version < 2 || u.version > 5 {
		return nil, 0, 0, errors.New("unit of an unknown version")
	}
	u.root = uint32(r.off)
	return u, end, abbrevOff, nil
}

// Attributes that debug/dwarf has no names for, or that are read here.
const (
	attrLowPC        = uint64(dwarf.AttrLowpc)
	attrAddrBase     = uint64(dwarf.AttrAddrBase)
	attrLoclistsBase = uint64(dwarf.AttrLoclistsBase)
)

func (u *unit) skimEntries(r *buf, table map[uint64]*abbrev, addr []byte, out map[uint64]subprogram) {
	for first := true; r.off < len(r.data) && !r.bad; {
		at := r.off
		code := r.uleb()
		if code == 0 {
			continue
		}
		a := table[code]
		if a == nil {
			return
		}
		if a.fixed >= 0 && !first && a.tag != uint64(dwarf.TagSubprogram) {
			r.skip(a.fixed)
			continue
		}
		low, index, has := uint64(0), false, false
		for _, f := range a.attrs {
			v, ok := r.form(f.form, u)
			if !ok {
				return
			}
			switch f.attr {
			case attrLowPC:
				low, has, index = v, true, f.form != formAddr
			case attrAddrBase:
				if first {
					u.addrBase = v
				}
			case attrLoclistsBase:
				if first {
					u.loclistsBase = v
				}
			}
		}
		// The unit's own low_pc may be an index too, read before addr_base.
		if has && index {
			low, has = u.address(addr, low)
		}
		if first && has {
			u.lowPC = low
		}
		if a.tag == uint64(dwarf.TagSubprogram) && has {
			if _, taken := out[low]; !taken {
				out[low] = subprogram{dwarf.Offset(at), u}
			}
		}
		first = false
	}
}

// address is entry i of the unit's part of .debug_addr.
func (u *unit) address(addr []byte, i uint64) (uint64, bool) {
	n := uint64(len(addr))
	if u.addrSize != 8 || i > n || u.addrBase > n || u.addrBase+8*i+8 > n {
		return 0, false
	}
	return binary.LittleEndian.Uint64(addr[u.addrBase+8*i:]), true
}

// abbrev is one declaration of .debug_abbrev.
type abbrev struct {
	tag   uint64
	attrs []attrForm
	fixed int // bytes of all attributes, -1 if that differs from entry to entry
}

type attrForm struct{ attr, form uint64 }

func abbrevTable(data []byte, off uint64) map[uint64]*abbrev {
	out := map[uint64]*abbrev{}
	if off > uint64(len(data)) {
		return out
	}
	r := buf{data: data, off: int(off)}
	for !r.bad {
		code := r.uleb()
		if code == 0 {
			break
		}
		a := &abbrev{tag: r.uleb()}
		r.u8() // whether it has children
		for !r.bad {
			f := attrForm{r.uleb(), r.uleb()}
			if f.form == formImplicitConst {
				r.uleb()
			}
			if f.attr == 0 && f.form == 0 {
				break
			}
			a.attrs = append(a.attrs, f)
			n, ok := fixedForms[f.form]
			if !ok {
				a.fixed = -1
			} else if a.fixed >= 0 {
				a.fixed += n
			}
		}
		out[code] = a
	}
	return out
}
