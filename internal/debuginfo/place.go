package debuginfo

import (
	"debug/dwarf"
	"path"
	"strings"

	"github.com/bpfdiag/bpfdiag/internal/object"
)

// Place is where in the source an instruction comes from.
type Place struct {
	object.Position
	// Inlined lists the calls by which the line's function was inlined,
	// innermost first; Position.Function is the source function of the line.
	Inlined []Inlined
}

// Inlined is one inlined call: Function was called at File:Line:Column of Caller.
type Inlined struct {
	Function, Caller string
	File             string
	Line, Column     int // 0 when unknown
}

// Place returns the source position of instruction i and how it got there.
// ok is false when nothing tells.
func (in *Info) Place(fn *object.Function, i int) (p Place, ok bool) {
	p.Position, ok = in.obj.Position(fn, i)
	f := in.function(fn)
	s := f.innermost(i)
	if s == nil {
		return p, ok
	}
	if s.name != "" {
		p.Function = s.name
	}
	for ; s != nil; s = s.parent {
		if s.call != nil {
			caller := s.parent
			for caller.parent != nil && caller.call == nil {
				caller = caller.parent
			}
			file := in.file(f.unit, s.call.file)
			if path.IsAbs(p.File) {
				// clang's DWARF has a source below the compilation folder relative to that,
				// however it was given; its BTF has not.
				file = in.Resolve(fn, file)
			}
			p.Inlined = append(p.Inlined, Inlined{Function: s.name, Caller: caller.name,
				File: file, Line: s.call.line, Column: s.call.column})
		}
	}
	return p, ok
}

// file returns an entry of a unit's file table as BTF would name it: absolute
// or relative to the compilation folder, as the compiler saw it.
func (in *Info) file(u *unit, i int) string {
	files, ok := in.files[u]
	if !ok {
		files = in.dwarf().fileTable(u)
		in.files[u] = files
	}
	if i < 0 || i >= len(files) {
		return ""
	}
	return files[i]
}

func (d *dwarfInfo) fileTable(u *unit) (out []string) {
	defer func() {
		if recover() != nil {
			out = nil
		}
	}()
	r := d.lineReader(u)
	if r == nil {
		return nil
	}
	for _, f := range r.Files() {
		if f == nil {
			out = append(out, "")
		} else {
			out = append(out, f.Name)
		}
	}
	return out
}

// Unit is what the compiler recorded of itself.
type Unit struct {
	Producer string // "clang version 22.1.8", with -grecord-command-line its arguments
	Name     string // of the source file, as it was given to the compiler
	Dir      string // the folder in which it ran
	Rust     bool
	Language int64    // DW_LANG_*
	Files    []string // of its line table, absolute where Dir is; of Units alone
}

// Unit returns the compile unit of a function; ok is false without DWARF.
func (in *Info) Unit(fn *object.Function) (u Unit, ok bool) {
	f := in.function(fn)
	if f.unit == nil {
		return u, false
	}
	cu := in.dwarf().entry(dwarf.Offset(f.unit.root))
	if cu == nil {
		return u, false
	}
	u = unitOf(cu)
	u.Rust = f.rust
	return u, true
}

// Resolve makes a file name of BTF or DWARF absolute where it is relative to
// the folder of the compilation.
func (in *Info) Resolve(fn *object.Function, file string) string {
	if file == "" || path.IsAbs(file) || strings.HasPrefix(file, "<") {
		return file
	}
	if u, ok := in.Unit(fn); ok && u.Dir != "" {
		return path.Join(u.Dir, file)
	}
	return file
}
