package check

import (
	"context"
	"encoding/json"
	"errors"
	"path/filepath"
	"slices"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/object"
	"github.com/bpfdiag/bpfdiag/umlinux/kernel"
	"github.com/bpfdiag/bpfdiag/umlinux/loader"
)

// Remote is another process that answers questions. It may be asked by several
// goroutines. Ok is false if it does not answer, for whatever reason: then the
// asker finds out by itself.
type Remote interface {
	Ask(ctx context.Context, q *Question, object []byte) (a *Answer, ok bool)
}

// Question is all that the result of an object depends on, beside its content, for
// a process with the same executable and the same kernels.
type Question struct {
	Image   kernel.Image
	Init    string // path of the guest's init
	Options        // of which functions, logs and Memory are not asked for
	Path    string // of the object, as the asker writes it
	// Programs are the names of those that are chosen, if Chosen.
	Chosen   bool
	Programs []string `json:",omitempty"`
	Folders  []string // diag.Sources.Folders
}

// Answer is the result of an object, in JSON as it is kept, with what it depends on.
type Answer struct {
	Entry json.RawMessage
	Place bool // it depends on where the object and its sources are

	object diag.Object
}

// errNoAnswer is why a process leaves a question to whoever asks it.
var errNoAnswer = errors.New("no answer that another process could have given")

// errOtherKernel is why a process has no guest for a question.
var errOtherKernel = errors.New("the kernel is not one of those that were built here")

// ask has another process check an object, nil if that is not to be.
func (ck *Checker) ask(ctx context.Context, path string, data []byte) *Answer {
	o := &ck.Options
	switch {
	case ck.Remote == nil || ck.Sources == nil:
		return nil
	case !o.shareable() || o.Prepare != nil:
		return nil
	case ck.Image.ByPath():
		return nil
	}
	q := &Question{Image: ck.Image, Init: ck.init, Options: *o, Path: path, Folders: ck.Sources.Folders()}
	q.Select, q.Prepare, q.Jobs = nil, nil, 0
	if o.Select != nil {
		obj, err := object.Parse(path, data)
		if err != nil {
			return nil
		}
		q.Chosen = true
		for _, fn := range obj.Programs() {
			if o.Select(path, fn.Name) {
				q.Programs = append(q.Programs, fn.Name)
			}
		}
	}
	a, ok := ck.Remote.Ask(ctx, q, data)
	if !ok {
		return nil
	}
	var e entry
	if json.Unmarshal(a.Entry, &e) != nil || e.Object.Error != "" {
		return nil
	}
	a.object = e.Object
	a.object.Path, a.object.LeftOut = path, e.LeftOut
	return a
}

// shareable says whether another process's guest will do. In one that has been
// used, a given memory may not be enough where it is in a new one.
func (o *Options) shareable() bool { return !o.KeepLogs && o.SaveLogs == "" && o.Memory == 0 }

// Answer checks an object for another process in a guest of the pool, which has to
// be of the question's kernel and JIT. Its error says that there is no answer.
func (p *Pool) Answer(ctx context.Context, q *Question, data []byte) (*Answer, error) {
	obj, err := object.Parse(q.Path, data)
	if err != nil {
		return nil, err
	}
	switch {
	case len(q.Folders) == 0 || !filepath.IsAbs(q.Folders[0]): // the asker does not know where it is
		return nil, errNoAnswer
	case !q.Options.shareable(): // no such process asks; whoever does shall write no files here
		return nil, errNoAnswer
	}
	o := q.Options
	if q.Chosen {
		o.Select = func(_, program string) bool { return slices.Contains(q.Programs, program) }
	}
	ck := p.ck.With(o, diag.NewSourcesIn(q.Folders[0], q.Folders[1:]...)).watching()
	ck.others = &otherKernels{judge: q.Image.Path} // there may be new ones
	var out diag.Object
	err = p.Do(ctx, func(m loader.Machine) (err error) {
		out, err = ck.Parsed(ctx, m, obj)
		return err
	})
	if err != nil {
		return nil, err
	}
	a, ok := ck.answer(out)
	if !ok {
		return nil, errNoAnswer
	}
	return a, nil
}

// PoolOf returns a pool for the kernel and the JIT of a question. Its guests end
// when ctx does. What the question says of files is not believed but compared: whoever
// asks may be confined where this process is not, and a kernel is a program that is
// run. So there is none for a kernel that is known by its path alone.
func PoolOf(ctx context.Context, q *Question) (*Pool, error) {
	if q.Image.ByPath() {
		return nil, errOtherKernel
	}
	img, err := kernel.Find(q.Image.Name)
	if err != nil {
		return nil, err
	}
	if id := imageID(img); id == "" || id != imageID(q.Image) {
		return nil, errOtherKernel
	}
	init, err := kernel.GuestInit()
	if err != nil {
		return nil, err
	}
	if init != q.Init {
		return nil, errOtherKernel
	}
	return NewPool(ctx, newWith(img, init, Options{JIT: q.JIT}, nil)), nil
}

// PoolKey is equal for questions that one pool can answer. It changes with the
// kernel's file.
func (q *Question) PoolKey() string { return imageID(q.Image) + " " + q.Init + " " + q.JIT }

// QuestionFor returns a question about no object yet, for a pool of a kernel by its
// name.
func QuestionFor(name, jit string) (*Question, error) {
	ck, err := New(name, Options{JIT: jit}, nil)
	if err != nil {
		return nil, err
	}
	return &Question{Image: ck.Image, Init: ck.init, Options: ck.Options}, nil
}
