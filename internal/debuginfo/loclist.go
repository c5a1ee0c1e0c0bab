package debuginfo

import "debug/dwarf"

// located is a location expression and the addresses at which it holds.
type located struct {
	from, to uint64
	expr     []byte
}

// What the entries of DWARF 5's lists say.
const (
	listEnd = iota
	listBaseAddressx
	listStartxEndx
	listStartxLength
	listOffsetPair
	listDefault
	listBaseAddress
	listStartEnd
	listStartLength
)

// The numbers of those entries in location lists (7.7.3) and range lists (7.25).
var (
	locationEntries = []uint8{listEnd, listBaseAddressx, listStartxEndx, listStartxLength, listOffsetPair,
		listDefault, listBaseAddress, listStartEnd, listStartLength}
	rangeEntries = []uint8{listEnd, listBaseAddressx, listStartxEndx, listStartxLength, listOffsetPair,
		listBaseAddress, listStartEnd, listStartLength}
)

// locations returns the value of a DW_AT_location attribute as a list.
// debug/dwarf hands out DW_FORM_loclistx as a bare index and reads no lists;
// delve's reader finds the entry of one address only and panics on malformed
// ones.
func (d *dwarfInfo) locations(u *unit, f *dwarf.Field) []located {
	switch v := f.Val.(type) {
	case []byte:
		if f.Class == dwarf.ClassExprLoc || f.Class == dwarf.ClassBlock {
			return []located{{0, ^uint64(0), v}}
		}
	case int64:
		return d.list(u, uint64(v), false)
	case uint64:
		return d.list(u, v, f.Class == dwarf.ClassLocList)
	}
	return nil
}

func (d *dwarfInfo) list(u *unit, off uint64, index bool) []located {
	if u.version < 5 {
		return d.list4(u, off)
	}
	data := d.sections["loclists"]
	if index {
		size := uint64(4)
		if u.is64 {
			size = 8
		}
		if off > uint64(len(data)) || u.loclistsBase > uint64(len(data)) {
			return nil
		}
		r := at(data, u.loclistsBase+off*size)
		off = u.loclistsBase + r.offset(u.is64)
	}
	var out []located
	d.entries(u, at(data, off), locationEntries, func(r *buf, from, to uint64) {
		if n := r.uleb(); n <= uint64(len(data)) {
			if expr := r.skip(int(n)); !r.bad {
				out = append(out, located{from, to, expr})
			}
		} else {
			r.bad = true
		}
	})
	return out
}

// entries reads a DWARF 5 list of ranges or locations up to its end, or to
// what is malformed. each reads what follows the two addresses, if anything.
func (d *dwarfInfo) entries(u *unit, r *buf, kinds []uint8, each func(r *buf, from, to uint64)) {
	base := u.lowPC
	addr := func() uint64 { v, _ := u.address(d.sections["addr"], r.uleb()); return v }
	for !r.bad && d.step() {
		k := r.u8()
		if int(k) >= len(kinds) {
			return
		}
		from, to := uint64(0), ^uint64(0)
		switch kinds[k] {
		case listEnd:
			return
		case listBaseAddressx:
			base = addr()
			continue
		case listBaseAddress:
			base = r.u64()
			continue
		case listStartxEndx:
			from, to = addr(), addr()
		case listStartxLength:
			from = addr()
			to = from + r.uleb()
		case listOffsetPair:
			from, to = base+r.uleb(), base+r.uleb()
		case listStartEnd:
			from, to = r.u64(), r.u64()
		case listStartLength:
			from = r.u64()
			to = from + r.uleb()
		}
		if !r.bad {
			each(r, from, to)
		}
	}
}

// rangesOf returns the addresses that a function, block or inlined call covers.
func (d *dwarfInfo) rangesOf(u *unit, e *dwarf.Entry) [][2]uint64 {
	if low, ok := e.Val(dwarf.AttrLowpc).(uint64); ok {
		switch high := e.Val(dwarf.AttrHighpc).(type) {
		case uint64:
			return [][2]uint64{{low, high}}
		case int64:
			return [][2]uint64{{low, low + uint64(high)}}
		}
	}
	var off uint64
	switch v := e.Val(dwarf.AttrRanges).(type) {
	case int64:
		off = uint64(v)
	case uint64: // debug/dwarf has resolved DW_FORM_rnglistx
		off = v
	default:
		return nil
	}
	var out [][2]uint64
	if u.version >= 5 {
		d.entries(u, at(d.sections["rnglists"], off), rangeEntries, func(_ *buf, from, to uint64) {
			out = append(out, [2]uint64{from, to})
		})
		return out
	}
	base := u.lowPC
	for r := at(d.sections["ranges"], off); !r.bad && d.step(); {
		switch from, to := r.u64(), r.u64(); {
		case from == 0 && to == 0:
			return out
		case from == ^uint64(0):
			base = to
		default:
			out = append(out, [2]uint64{base + from, base + to})
		}
	}
	return out
}

// list4 reads a list of .debug_loc (DWARF 4, 2.6.2).
func (d *dwarfInfo) list4(u *unit, off uint64) []located {
	r := at(d.sections["loc"], off)
	base := u.lowPC
	var out []located
	for !r.bad && d.step() {
		from, to := r.u64(), r.u64()
		if from == 0 && to == 0 {
			break
		}
		if from == ^uint64(0) {
			base = to
			continue
		}
		l := located{from: base + from, to: base + to}
		if l.expr = r.skip(int(r.u16())); !r.bad {
			out = append(out, l)
		}
	}
	return out
}

func at(data []byte, off uint64) *buf {
	if off > uint64(len(data)) {
		return &buf{bad: true}
	}
	return &buf{data: data, off: int(off)}
}
