package debuginfo

import (
	"debug/dwarf"

	"github.com/bpfdiag/bpfdiag/internal/object"
)

// Units lists the units that an object was made of; none without DWARF.
func Units(o *object.Object) (units []Unit) {
	defer func() { _ = recover() }() // debug/dwarf panics on some malformed data; what was read until then stays
	d, err := loadDWARF(o)
	if err != nil {
		return nil
	}
	r := d.data.Reader()
	for d.step() {
		cu := d.next(r)
		if cu == nil {
			return units
		}
		if cu.Tag != dwarf.TagCompileUnit {
			r.SkipChildren()
			continue
		}
		u := unitOf(cu)
		u.Rust = u.Language == langRust
		u.Files = d.fileNames(cu)
		units = append(units, u)
		r.SkipChildren()
	}
	return units
}

// fileNames lists the files of a unit's line table.
func (d *dwarfInfo) fileNames(cu *dwarf.Entry) (names []string) {
	defer func() { _ = recover() }()
	r, err := d.data.LineReader(cu)
	if err != nil || r == nil {
		return nil
	}
	for _, f := range r.Files() {
		if f != nil {
			names = append(names, f.Name)
		}
	}
	return names
}

func unitOf(cu *dwarf.Entry) (u Unit) {
	u.Producer, _ = cu.Val(dwarf.AttrProducer).(string)
	u.Name, _ = cu.Val(dwarf.AttrName).(string)
	u.Dir, _ = cu.Val(dwarf.AttrCompDir).(string)
	u.Language, _ = cu.Val(dwarf.AttrLanguage).(int64)
	return u
}
