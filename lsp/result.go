package lsp

import (
	"slices"
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
)

// result is what kernels say of one object, at places that follow the edits.
type result struct {
	unit     *unit
	findings []*finding
	programs []*program
	files    map[*file]bool // that a place is in
	places   []*place

	built Built
	then  map[string]snapshot // the text that was verified, by path
	facts *facts              // nil until somebody asks
	proof *proof              // nil if there is no fix to try
}

// finding is one diagnostic of a program.
type finding struct {
	diag     diag.Diagnostic
	object   string
	program  string
	kernel   string   // the first that says so
	kernels  []string // all that do, and more than one is asked
	accepted []string // those that accept the program
	primary  *place   // nil when it is nowhere in a source
	labels   []*place // of diag.Labels; nil for one that is nowhere
	calls    []call   // that brought the primary label's place into the program
	fixes    []*fix
}

// call is the place of a call that the compiler replaced by the callee's body.
type call struct {
	place *place
	text  string
}

// fix is a help with edits.
type fix struct {
	help  diag.Help
	edits []fixEdit
	lines []*place // that have to be as they were
}

type fixEdit struct {
	place *place
	text  string
}

// stale says whether an edit has touched the lines that the fix changes.
func (x *fix) stale() bool {
	gone := func(p *place) bool { return p.gone }
	return slices.ContainsFunc(x.lines, gone)
}

// program is what the kernels say of one program.
type program struct {
	name     string
	at       *place // where it is declared, nil if that is not known
	verdicts []programVerdict
}

type programVerdict struct {
	kernel  diag.Kernel
	asked   string // the kernel's name, as it was asked for
	program diag.Program
}

// release takes a result's places from their files, and returns these.
func (r *result) release() []*file {
	mine := map[*place]bool{}
	for _, p := range r.places {
		mine[p] = true
	}
	var all []*file
	for f := range r.files {
		f.places = slices.DeleteFunc(f.places, func(p *place) bool { return mine[p] })
		all = append(all, f)
	}
	return all
}

// placer puts a verdict's lines and columns, which are those of the text that was
// compiled, into the text of today.
type placer struct {
	s    *Server
	r    *result
	then map[string]snapshot
	seen map[string]*file // by the path in the diagnostic
}

// file returns a file and its compiled text; nil for one that cannot be read.
func (p *placer) file(path string) (*file, *snapshot) {
	if path == "" {
		return nil, nil
	}
	f, known := p.seen[path]
	if !known {
		f = p.s.fileAt(path)
		if _, open := p.then[f.path]; !open {
			// It was not open: what was compiled is what is on the disk.
			if f.open {
				disk := &file{path: f.path}
				disk.refresh()
				p.then[f.path] = disk.rebased(f)
			} else {
				f.refresh()
				p.then[f.path] = f.snapshot()
			}
		}
		if !f.known {
			f = nil
		}
		p.seen[path] = f
	}
	if f == nil {
		return nil, nil
	}
	then := p.then[f.path]
	return f, &then
}

// rebased is the text on the disk as a text from before the file's last edit,
// when it was opened.
func (disk *file) rebased(f *file) snapshot {
	if disk.text.content == f.text.content {
		return f.snapshot()
	}
	// The file was opened, and edited, while it was compiled: nothing can be said.
	return snapshot{disk.text, f.edited - maxHistory - 1}
}

// place makes a place of offsets in a file's compiled text.
func (p *placer) place(f *file, then *snapshot, start, end int, whole bool) *place {
	pl := f.place(*then, start, end, whole)
	p.r.places = append(p.r.places, pl)
	p.r.files[f] = true
	return pl
}

// label finds a label's place. It is nil if there is no such file, and gone if
// the file has another text there than the object knows.
func (p *placer) label(l *diag.Label) *place {
	f, then := p.file(l.File)
	if f == nil {
		return nil
	}
	start, ok := then.text.at(l.Line, l.Column)
	if !ok {
		return &place{file: f, gone: true}
	}
	from, to := then.text.line(l.Line - 1)
	line := then.text.content[from:to]
	if l.Source != "" && !slices.Equal(strings.Fields(line), strings.Fields(l.Source)) {
		return &place{file: f, gone: true}
	}
	end := start
	switch {
	case l.Column <= 0:
		start = from + len(line) - len(strings.TrimLeft(line, " \t"))
		end = from + len(strings.TrimRight(line, " \t"))
	case l.EndLine > 0 && l.EndColumn > 0:
		if end, ok = then.text.at(l.EndLine, l.EndColumn); !ok {
			end = start
		}
	}
	if end <= start { // one character, or the word that begins there
		for end = start; end < to && isWord(then.text.content[end]); end++ {
		}
		if end == start && end < to {
			end++
		}
	}
	return p.place(f, then, start, end, false)
}

// declaration is the place of a program's name.
func (p *placer) declaration(d Declaration, name string) *place {
	f, then := p.file(d.File)
	if f == nil || d.Line < 1 || d.Line > len(then.text.starts) {
		return nil
	}
	from, to := then.text.line(d.Line - 1)
	line := then.text.content[from:to]
	if i := strings.Index(line, name); i >= 0 {
		return p.place(f, then, from+i, from+i+len(name), false)
	}
	if p.r.unit.Source == "" { // the file may have changed since the object was built
		return nil
	}
	return p.place(f, then, from, to, false)
}

// fixes makes the edits of helps ready.
func (p *placer) fixes(helps []diag.Help) (all []*fix) {
	for _, h := range helps {
		if x := p.fix(h); x != nil {
			all = append(all, x)
		}
	}
	return all
}

// fix makes a help's edits ready; nil if it has none, or one of them has no place.
func (p *placer) fix(h diag.Help) *fix {
	if len(h.Edits) == 0 {
		return nil
	}
	x := &fix{help: h}
	for _, e := range h.Edits {
		f, then := p.file(e.File)
		if f == nil {
			return nil
		}
		start, ok := then.text.at(e.Start.Line, e.Start.Column)
		end, ok2 := then.text.at(e.End.Line, e.End.Column)
		if !ok || !ok2 || end < start {
			return nil
		}
		from, _ := then.text.line(e.Start.Line - 1)
		lineStart, to := then.text.line(e.End.Line - 1)
		if end == lineStart && end > start {
			_, to = then.text.line(e.End.Line - 2) // whole lines go
		}
		text := strings.ReplaceAll(e.Replacement, "\r\n", "\n")
		if strings.HasPrefix(then.text.content[to:], "\r\n") {
			text = strings.ReplaceAll(text, "\n", "\r\n")
		}
		x.edits = append(x.edits, fixEdit{p.place(f, then, start, end, false), text})
		x.lines = append(x.lines, p.place(f, then, from, max(to, from), true))
	}
	return x
}
