package fix

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"sync"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/compile"
	"github.com/bpfdiag/bpfdiag/internal/object"
)

// Verify has a kernel judge an object and explain its rejections. Texts stand in
// for source files, by absolute path. It is called by several goroutines.
type Verify func(ctx context.Context, o *object.Object, texts map[string]string) (diag.Object, error)

// Prover tries edits of what one command compiles, as the files are when it first reads
// them. It may be used by several goroutines.
type Prover struct {
	Command compile.Command
	Object  string // what the object is called; empty means Command.Output
	Verify  Verify

	files    *originals // nil: own
	own      originals
	mu       sync.Mutex
	versions map[[sha256.Size]byte]*attempt
}

// Version is the sources with some edits made, and what became of them.
type Version struct {
	// Texts stand in for files, by absolute path; the others are as on the disk.
	Texts map[string]string
	// Said are the compiler's words where it made no object, or why it was not run.
	Said   string
	Object diag.Object // programs in the object's order
	Files  []string    // that were compiled, absolute, the source first

	code map[place]bool
}

// attempt is a version that somebody has begun to make.
type attempt struct {
	done    chan bool
	version *Version
	err     error
}

// Judged is the version that an object was made from, and what was said of that.
func Judged(o *object.Object, said diag.Object) *Version {
	return &Version{Object: said, code: codeOf(o)}
}

// Program returns a program of the object; nil if it has none of that name.
func (v *Version) Program(name string) *diag.Program {
	i := slices.IndexFunc(v.Object.Programs, func(p diag.Program) bool { return p.Name == name })
	if i < 0 {
		return nil
	}
	return &v.Object.Programs[i]
}

// Version compiles and verifies the sources with other texts. The same texts are
// not tried twice. What the compiler refuses is no error; that it can't be run is.
func (p *Prover) Version(ctx context.Context, texts map[string]string) (*Version, error) {
	key := sumOf(texts)
	for {
		p.mu.Lock()
		a := p.versions[key]
		if a == nil {
			a = &attempt{done: make(chan bool)}
			if p.versions == nil {
				p.versions = map[[sha256.Size]byte]*attempt{}
			}
			p.versions[key] = a
			p.mu.Unlock()
			p.finish(ctx, key, a, texts)
			return a.version, a.err
		}
		p.mu.Unlock()
		select {
		case <-a.done:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
		// Somebody else may have given up what he has begun.
		if a.err == nil || !errors.Is(a.err, context.Canceled) || ctx.Err() != nil {
			return a.version, a.err
		}
	}
}

func (p *Prover) finish(ctx context.Context, key [sha256.Size]byte, a *attempt, texts map[string]string) {
	defer close(a.done)
	if a.version, a.err = p.make(ctx, texts); a.err != nil {
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.versions, key)
	}
}

func (p *Prover) make(ctx context.Context, texts map[string]string) (*Version, error) {
	v := &Version{Texts: texts}
	r, err := compile.Run(ctx, p.Command, texts)
	if errors.Is(err, compile.ErrOverlay) {
		v.Said = err.Error()
		return v, nil
	}
	if err != nil {
		return nil, err
	}
	defer r.Close()
	if r.Object == "" {
		if v.Said = r.Stderr; v.Said == "" {
			v.Said = fmt.Sprintf("%s ended with status %d", p.Command.Args[0], r.Status)
		}
		return v, nil
	}
	v.Files = r.Files
	data, err := os.ReadFile(r.Object)
	if err != nil {
		return nil, err
	}
	name := p.Object
	if name == "" {
		name = p.Command.Output
	}
	o, err := object.Parse(name, data)
	if err != nil {
		v.Object = diag.Object{Path: name, Error: err.Error()}
		return v, nil
	}
	v.code = codeOf(o)
	v.Object, err = p.Verify(ctx, o, texts)
	return v, err
}

func sumOf(texts map[string]string) (sum [sha256.Size]byte) {
	h := sha256.New()
	for _, path := range slices.Sorted(maps.Keys(texts)) {
		fmt.Fprintf(h, "%d %s%d ", len(path), path, len(texts[path]))
		h.Write([]byte(texts[path]))
	}
	h.Sum(sum[:0])
	return sum
}
