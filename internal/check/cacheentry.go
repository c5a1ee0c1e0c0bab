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

// keep keeps a result whose sources were watched.
func (ck *Checker) keep(k keys, o diag.Object) {
	e, name := entry{Object: o, LeftOut: o.LeftOut, Sources: sums(ck.Sources.Seen())}, k.anywhere
	if *ck.asked {
		_, e.Others = ck.others.list()
	}
	for i := range o.Programs {
		switch p := &o.Programs[i]; {
		case p.Accident:
			return
		case len(p.Diagnostics) > 0:
			name = k.place
		}
	}
	if len(e.Sources) > 0 {
		name = k.place
	}
	body, err := json.Marshal(e)
	if err != nil {
		return
	}
	// JSON does not have every string (a source in Latin-1): what would not come
	// back as it is now is not kept.
	var back entry
	if json.Unmarshal(body, &back) != nil {
		return
	}
	back.Object.LeftOut = back.LeftOut
	if reflect.DeepEqual(back.Object, o) {
		ck.Cache.put(name, body)
	}
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
