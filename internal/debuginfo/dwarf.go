package debuginfo

import (
	"debug/dwarf"
	"errors"
	"fmt"

	"github.com/bpfdiag/bpfdiag/internal/object"
)

// maxSteps bounds the entries and list items that are read of one object's
// DWARF in all. The largest self-test of Linux needs a hundredth of it.
const maxSteps = 4 << 20

// maxNesting bounds how deep entries are nested, and how many of them stand
// between a variable and its type.
const maxNesting = 64

// dwarfInfo reads an object's DWARF piece by piece.
type dwarfInfo struct {
	sections map[string][]byte
	data     *dwarf.Data
	funcs    map[uint64]subprogram // by address
	types    map[dwarf.Offset]*Type
	steps    int
}

var errNoDWARF = errors.New("the object has no DWARF")

func loadDWARF(o *object.Object) (d *dwarfInfo, err error) {
	defer func() { recovered(recover(), &err) }()
	sec, err := debugSections(o)
	if err != nil {
		return nil, err
	}
	if len(sec["info"]) == 0 || len(sec["abbrev"]) == 0 {
		return nil, errNoDWARF
	}
	data, err := newData(sec)
	if err != nil {
		return nil, err
	}
	return &dwarfInfo{sections: sec, data: data, funcs: skim(sec), types: map[dwarf.Offset]*Type{}}, nil
}

// recovered makes an error of a panic: debug/dwarf's readers are not proven
// against malformed data.
func recovered(r any, err *error) {
	if r != nil {
		*err = fmt.Errorf("malformed DWARF: %v", r)
	}
}

// step takes one step off the budget; false says that none is left.
func (d *dwarfInfo) step() bool {
	d.steps++
	return d.steps <= maxSteps
}

// next reads an entry, nil at the end of the unit and where it is malformed.
func (d *dwarfInfo) next(r *dwarf.Reader) (e *dwarf.Entry) {
	var err error
	defer func() {
		if recovered(recover(), &err); err != nil {
			e = nil
		}
	}()
	if d.step() {
		e, err = r.Next()
	}
	return e
}

// entry reads the entry at an offset of .debug_info, nil if there is none.
func (d *dwarfInfo) entry(off dwarf.Offset) *dwarf.Entry {
	r := d.data.Reader()
	r.Seek(off)
	if e := d.next(r); e != nil && e.Tag != 0 {
		return e
	}
	return nil
}

// attr returns an attribute of an entry, or of the one that it is an instance
// or the definition of.
func (d *dwarfInfo) attr(e *dwarf.Entry, a dwarf.Attr) any {
	for range 4 {
		if e == nil {
			return nil
		}
		if v := e.Val(a); v != nil {
			return v
		}
		off, ok := e.Val(dwarf.AttrAbstractOrigin).(dwarf.Offset)
		if !ok {
			if off, ok = e.Val(dwarf.AttrSpecification).(dwarf.Offset); !ok {
				return nil
			}
		}
		e = d.entry(off)
	}
	return nil
}

// children calls f for each child of the entry at off; f returns false to stop.
func (d *dwarfInfo) children(off dwarf.Offset, f func(*dwarf.Entry) bool) {
	r := d.data.Reader()
	r.Seek(off)
	if e := d.next(r); e == nil || !e.Children {
		return
	}
	for depth := 0; ; {
		e := d.next(r)
		if e == nil {
			return
		}
		switch {
		case e.Tag == 0:
			if depth--; depth < 0 {
				return
			}
			continue
		case depth == 0 && !f(e):
			return
		}
		if e.Children {
			depth++
		}
	}
}
