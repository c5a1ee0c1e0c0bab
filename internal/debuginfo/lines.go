package debuginfo

import (
	"debug/dwarf"
	"sort"

	"github.com/bpfdiag/bpfdiag/internal/object"
)

// row is a row of a unit's line table: code from addr on is of the line, of none
// where that is 0, and of another unit or nothing where it is -1.
type row struct {
	addr uint64
	line int
}

// OwnPlace says whether the place of instruction i is its own. BTF's line
// information has a record where the line changes in the order of the code, and
// none for instructions that the compiler made for no line in particular, or
// moved: those take over the place of whatever code lies in front of them.
// DWARF's line table has line 0 for them (DwarfDebug::beginInstruction against
// BTFDebug::beginInstruction in LLVM). known is false without such a table.
func (in *Info) OwnPlace(fn *object.Function, i int) (own, known bool) {
	f := in.function(fn)
	if f.unit == nil || i < 0 || i >= len(fn.Insns) {
		return false, false
	}
	rows, ok := in.rows[f.unit]
	if !ok {
		rows = in.dwarf().lineTable(f.unit)
		in.rows[f.unit] = rows
	}
	addr := f.base + uint64(i)*8
	n := sort.Search(len(rows), func(n int) bool { return rows[n].addr > addr })
	if n == 0 || rows[n-1].addr < f.base || rows[n-1].line < 0 {
		return false, false
	}
	return rows[n-1].line > 0, true
}

// lineReader reads a unit's line table, of which the file table is the head; nil
// where there is none or it is malformed. It may panic on what is.
func (d *dwarfInfo) lineReader(u *unit) *dwarf.LineReader {
	cu := d.entry(dwarf.Offset(u.root))
	if cu == nil {
		return nil
	}
	r, err := d.data.LineReader(cu)
	if err != nil {
		return nil
	}
	return r
}

// lineTable reads a unit's line table in the order of addresses; nil where
// there is none or it is malformed.
func (d *dwarfInfo) lineTable(u *unit) (rows []row) {
	defer func() {
		if recover() != nil {
			rows = nil
		}
	}()
	r := d.lineReader(u)
	if r == nil {
		return nil
	}
	var e dwarf.LineEntry
	for d.step() && r.Next(&e) == nil {
		x := row{e.Address, e.Line}
		if e.EndSequence {
			x.line = -1
		}
		rows = append(rows, x)
	}
	// Of several rows at one address the last counts, but the end of a sequence
	// gives way to the begin of the next.
	sort.SliceStable(rows, func(a, b int) bool {
		if rows[a].addr != rows[b].addr {
			return rows[a].addr < rows[b].addr
		}
		return rows[a].line < 0 && rows[b].line >= 0
	})
	return rows
}
