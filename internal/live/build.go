package live

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/bpfdiag/bpfdiag/internal/compile"
	"github.com/bpfdiag/bpfdiag/internal/config"
	"github.com/bpfdiag/bpfdiag/internal/object"
	"github.com/bpfdiag/bpfdiag/lsp"
)

// built is an object.
type built struct {
	path  string // of the object, where the user has it
	data  []byte
	texts map[string]string
	conf  *config.Config // nil if there is none
}

// Build compiles a unit, or reads its object.
func (b *Backend) Build(ctx context.Context, _ lsp.Settings, u lsp.Unit, texts map[string]string) (lsp.Built, error) {
	var err error
	o := &built{texts: texts}
	out := lsp.Built{Unit: u, Of: o}
	if u.Object != "" {
		o.path = u.Object
		if o.data, err = readObject(u.Object); err != nil {
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
	r, err := compile.Run(ctx, c, unsaved(o.texts))
	if err != nil {
		return nil, err
	}
	defer r.Close()
	if r.Object == "" {
		return nil, &lsp.CompileError{Output: r.Stderr}
	}
	b.finder.Learn(c.Source, r.Files)
	o.path = c.Output
	o.data, err = readObject(r.Object)
	return r.Files, err
}

func readObject(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > object.MaxSize {
		return nil, fmt.Errorf("%s is no object file", path)
	}
	return os.ReadFile(path)
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
