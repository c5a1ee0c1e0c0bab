package lsp

import (
	"os"
	"slices"
)

// maxHistory is how many edits of a file are kept while something is verified;
// a result that is older than that is not shown.
const maxHistory = 4096

// maxFile bounds what is read from the disk.
const maxFile = 8 << 20

// file is a source file: as the editor has it while it is open, otherwise as it was on
// the disk when it was last looked at.
type file struct {
	path    string
	uri     DocumentURI
	open    bool
	version int32
	text    text
	known   bool          // the text was read
	found   chan struct{} // closed when the units of an open file are known

	places []*place // what follows the edits
	edits  []edit   // the last ones
	edited int      // how many there ever were
}

// snapshot is a file's text at some time.
type snapshot struct {
	text   text
	edited int
}

func (f *file) snapshot() snapshot { return snapshot{f.text, f.edited} }

// change makes an edit: the bytes from start to end become new.
func (f *file) change(start, end int, new string) {
	before := f.text.content
	after := splice(before, start, end, new)
	f.follow(edit{start, end, len(new)}, before, after)
	f.text = newText(after)
}

// replace makes another text of the whole.
func (f *file) replace(new string) {
	if e, ok := difference(f.text.content, new); ok {
		f.follow(e, f.text.content, new)
		f.text = newText(new)
	}
	f.known = true
}

func (f *file) follow(e edit, before, after string) {
	for _, p := range f.places {
		p.move(e, before, after)
	}
	if len(f.edits) == maxHistory {
		f.edits = slices.Delete(f.edits, 0, maxHistory/2)
	}
	f.edits = append(f.edits, e)
	f.edited++
}

// place puts a range of an older text where it is now. What lay between is
// only known as edits, so a range that one of them is beside is taken for touched.
func (f *file) place(then snapshot, start, end int, whole bool) *place {
	p := &place{file: f, start: start, end: end, whole: whole}
	missed := f.edited - then.edited
	if missed > len(f.edits) {
		p.gone = true
		return p
	}
	if missed > 0 {
		exact := p.whole
		p.whole = true
		for _, e := range f.edits[len(f.edits)-missed:] {
			p.move(e, "", "")
		}
		p.whole = exact
	}
	if !p.gone {
		f.places = append(f.places, p)
	}
	return p
}

// fileAt is the file with a path, made when it is not known. Server.mu is held.
func (s *Server) fileAt(path string) *file {
	key := canonical(path)
	f := s.files[key]
	if f == nil {
		f = &file{path: key, uri: uriOf(path)}
		s.files[key] = f
	}
	return f
}

// openFile is the open file that a client names, nil if there is none.
func (s *Server) openFile(uri DocumentURI) *file {
	if f := s.documents[uri]; f != nil {
		return f
	}
	return nil
}

// refresh looks at what is on the disk of a file that is not open.
func (f *file) refresh() {
	if f.open {
		return
	}
	content, err := readSource(f.path)
	f.replace(content)
	f.known = err == nil
}

// readSource reads a source file; a device or a pipe is none.
func readSource(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	if !info.Mode().IsRegular() || info.Size() > maxFile {
		return "", os.ErrInvalid
	}
	content, err := os.ReadFile(path)
	return string(content), err
}
