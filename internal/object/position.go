package object

import (
	"encoding/binary"
	"sort"
)

// Position is where in the source an instruction comes from. Line and column
// count from 1; 0 means unknown. The column counts bytes.
type Position struct {
	Function string
	File     string // as the compiler saw it
	Line     int
	Column   int
	Text     string // the source line as BTF carries it, with its indentation
}

// Position returns what line information says of instruction i of a function:
// the record at or before it. ok is false when there is none; Function is set anyway.
func (o *Object) Position(f *Function, i int) (pos Position, ok bool) {
	pos.Function = f.Name
	if o.ext == nil {
		return pos, false
	}
	r := o.ext.lines[f.Section]
	// clang writes the records in order, as the kernel wants them; in any other
	// order some position is found, not necessarily the nearest.
	j := sort.Search(r.len(), func(j int) bool { return r.insn(j) > f.offset+i }) - 1
	if j < 0 || r.insn(j) < f.offset || r.insn(j) > f.offset+i {
		return pos, false
	}
	rec := r.at(j)
	word := func(n int) uint32 { return binary.LittleEndian.Uint32(rec[4*n:]) }
	col := word(3) // struct bpf_line_info: line << 10 | column
	pos.File, pos.Text = o.BTF.String(word(1)), o.BTF.String(word(2))
	pos.Line, pos.Column = int(col>>10), int(col&1023)
	return pos, true
}

// UsesContextTags says whether any function argument is tagged __arg_ctx.
func (o *Object) UsesContextTags() bool {
	for id := uint32(1); int(id) < o.BTF.Len(); id++ {
		if o.BTF.Kind(id) == KindDeclTag && o.BTF.Name(id) == "arg:ctx" {
			return true
		}
	}
	return false
}
