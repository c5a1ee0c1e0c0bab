package live

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/check"
	"github.com/bpfdiag/bpfdiag/internal/compile"
	"github.com/bpfdiag/bpfdiag/internal/config"
	"github.com/bpfdiag/bpfdiag/internal/object"
	"github.com/bpfdiag/bpfdiag/lsp"
)

// built is an object.
type built struct {
	path  string // of the object, where the user has it
	data  []byte
	texts map[string]string // of the files that are open
	// unsaved are those of them that the compiler was given in place of the file.
	unsaved map[string]string
	conf    *config.Config // nil if there is none
	written time.Time      // when something else has built it
}

// parse reads the object, for one goroutine.
func (o *built) parse() (*object.Object, error) {
	obj, err := object.Parse(o.path, o.data)
	if err == nil {
		obj.SetText(o.unsaved)
	}
	return obj, err
}

// Build compiles a unit, or reads its object.
func (b *Backend) Build(ctx context.Context, _ lsp.Settings, u lsp.Unit, texts map[string]string) (lsp.Built, error) {
	var err error
	o := &built{texts: texts}
	out := lsp.Built{Unit: u, Of: o}
	if u.Object != "" {
		o.path = u.Object
		if o.data, o.written, err = readObject(u.Object); err != nil {
			return out, err
		}
	} else {
		if out.Files, err = b.compile(ctx, u.Of.(compile.Command), o); err != nil {
			return out, err
		}
	}
	if o.conf, err = config.Find(filepath.Dir(o.path)); err != nil {
		return out, err
	}
	if o.conf != nil {
		out.Kernels = o.conf.Kernels
	}
	return out, nil
}

// compile makes a unit's object, and lists the files that it is made from.
func (b *Backend) compile(ctx context.Context, c compile.Command, o *built) ([]string, error) {
	o.unsaved = unsaved(o.texts)
	r, err := compile.Run(ctx, c, o.unsaved)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	if r.Object == "" {
		return nil, b.refusal(r.Stderr, c, o)
	}
	b.finder.Learn(c.Source, r.Files)
	o.path = c.Output
	o.data, _, err = readObject(r.Object)
	return r.Files, err
}

// refusal is what the compiler said when it made no object.
func (b *Backend) refusal(said string, c compile.Command, o *built) *lsp.CompileError {
	e := &lsp.CompileError{Output: said}
	for _, p := range check.Compiler(said, c.Dir, c.Source, diag.NewSources().Overlay(o.texts)) {
		if p.Diagnostic != nil {
			e.Diagnostics = append(e.Diagnostics, *p.Diagnostic)
		}
	}
	return e
}

func readObject(path string) (data []byte, written time.Time, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, written, err
	}
	if !info.Mode().IsRegular() || info.Size() > object.MaxSize {
		return nil, written, fmt.Errorf("%s is no object file", path)
	}
	data, err = os.ReadFile(path)
	return data, info.ModTime(), err
}

// madeFrom says whether a file is as it was when the object was made, as far as
// that is known of one that something else has built.
func (o *built) madeFrom(path string) bool {
	if o.written.IsZero() {
		return true
	}
	info, err := os.Stat(path)
	if err != nil || info.ModTime().After(o.written) {
		return false
	}
	text, open := o.texts[path]
	return !open || len(unsaved(map[string]string{path: text})) == 0
}

// unsaved are those texts that are not what is on the disk.
func unsaved(texts map[string]string) map[string]string {
	all := map[string]string{}
	for path, text := range texts {
		if disk, err := os.ReadFile(path); err != nil || string(disk) != text {
			all[path] = text
		}
	}
	return all
}
