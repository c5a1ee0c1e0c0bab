package check

import (
	"encoding/json"
	"errors"
	"io/fs"
	"reflect"
	"syscall"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/loaderror"
)

// entry is a result as it is kept, with what it depends on beside its key.
type entry struct {
	Object  diag.Object
	LeftOut int `json:",omitempty"` // diag.Object has it for itself
	// Sources are the source files that were looked for, found or not.
	Sources map[string]string `json:",omitempty"`
	// Others identify the other kernels, if it mattered what they have.
	Others string `json:",omitempty"`
}

// recall returns the result that is kept of an object.
func (ck *Checker) recall(k keys, path string) (o diag.Object, ok bool) {
	body, ok := ck.Cache.get(k.anywhere)
	if !ok {
		if body, ok = ck.Cache.get(k.place); !ok {
			return o, false
		}
	}
	var e entry
	if json.Unmarshal(body, &e) != nil {
		return o, false
	}
	if e.Others != "" {
		if _, ids := ck.others.list(); e.Others != ids {
			return o, false
		}
	}
	for path, sum := range e.Sources {
		if sumText(ck.Sources.Sum(path)) != sum {
			return o, false
		}
	}
	e.Object.Path, e.Object.LeftOut = path, e.LeftOut
	return e.Object, true
}

// answer puts a result into the form that can be kept and sent, with what it
// depends on. There is none of what the machine is to blame for, and of what would
// not come back as it is: JSON does not have every string (a source in Latin-1).
// The checker has to be one that watches.
func (ck *Checker) answer(o diag.Object) (a *Answer, ok bool) {
	e := entry{Object: o, LeftOut: o.LeftOut, Sources: sums(ck.Sources.Seen())}
	if *ck.asked {
		_, e.Others = ck.others.list()
	}
	a = &Answer{Place: len(e.Sources) > 0, object: o}
	for i := range o.Programs {
		p := &o.Programs[i]
		if p.Accident {
			return nil, false
		}
		a.Place = a.Place || len(p.Diagnostics) > 0
	}
	var err error
	if a.Entry, err = json.Marshal(e); err != nil {
		return nil, false
	}
	var back entry
	if json.Unmarshal(a.Entry, &back) != nil {
		return nil, false
	}
	back.Object.LeftOut = back.LeftOut
	return a, reflect.DeepEqual(back.Object, o)
}

// isAccident says whether an error may be gone another time.
func isAccident(err error) bool {
	var e *loaderror.Error
	if errors.As(err, &e) && e.Cause == loaderror.Guest {
		return true
	}
	for _, errno := range []error{syscall.ENOMEM, syscall.ENFILE, syscall.EMFILE, syscall.EAGAIN, syscall.EINTR} {
		if errors.Is(err, errno) {
			return true
		}
	}
	var file *fs.PathError // of the kernel's
	return errors.As(err, &file)
}
