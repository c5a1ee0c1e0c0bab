package debuginfo

import (
	"debug/dwarf"

	"github.com/bpfdiag/bpfdiag/internal/object"
)

// Declaration returns the file and the line of a function's declaration; ok is
// false without DWARF.
func (in *Info) Declaration(fn *object.Function) (file string, line int, ok bool) {
	f := in.function(fn)
	if f.unit == nil {
		return "", 0, false
	}
	d := in.dwarf()
	e := d.entry(d.funcs[f.base].off)
	if e == nil {
		return "", 0, false
	}
	number, known := d.attr(e, dwarf.AttrDeclFile).(int64)
	at, _ := d.attr(e, dwarf.AttrDeclLine).(int64)
	if !known || at <= 0 {
		return "", 0, false
	}
	file = in.Resolve(fn, in.file(f.unit, int(number)))
	return file, int(at), file != ""
}
