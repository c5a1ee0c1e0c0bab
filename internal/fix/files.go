package fix

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/rogpeppe/go-internal/diff"
)

// maxText bounds a file that is edited.
const maxText = 8 << 20

// originals are the texts of files as they were first read: what is edited, and
// what has to be there still when the edits are written.
type originals struct {
	mu    sync.Mutex
	texts map[string]string
}

func (o *originals) read(path string) (string, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if text, ok := o.texts[path]; ok {
		return text, nil
	}
	text, err := readText(path)
	if err != nil {
		return "", err
	}
	if o.texts == nil {
		o.texts = map[string]string{}
	}
	o.texts[path] = text
	return text, nil
}

// readText reads a file that edits are made in.
func readText(path string) (string, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return "", err
	case !info.Mode().IsRegular():
		return "", fmt.Errorf("%s is not a file", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxText+1))
	if err == nil && len(text) > maxText {
		err = fmt.Errorf("%s is larger than %d MiB", path, maxText>>20)
	}
	return string(text), err
}

// ErrChanged is a file that somebody else has changed in the meantime.
var ErrChanged = errors.New("was changed meanwhile; nothing is written")

// Write writes changes: each file at once, or not at all, with its mode. Nothing is
// written when a file is not what it was when it was read (errors.Is ErrChanged).
// When one of several cannot be written, those before it are put back.
func Write(changes []Change) error {
	var ready []replacement
	defer func() {
		for _, r := range ready {
			_ = os.Remove(r.temp) // what was renamed is there no more
		}
	}()
	for _, c := range changes {
		r, err := prepare(c)
		if err != nil {
			return err
		}
		ready = append(ready, r)
	}
	for i, r := range ready {
		if err := r.put(); err != nil {
			return errors.Join(err, putBack(ready[:i]))
		}
	}
	return nil
}

// replacement is a file that is about to be replaced.
type replacement struct {
	Change
	real string // the file, behind links
	temp string // the new one, beside it
	mode os.FileMode
}

func prepare(c Change) (r replacement, err error) {
	r.Change = c
	if r.real, err = filepath.EvalSymlinks(c.Path); err != nil {
		return r, err
	}
	info, err := os.Stat(r.real)
	if err != nil {
		return r, err
	}
	r.mode = info.Mode().Perm()
	f, err := os.CreateTemp(filepath.Dir(r.real), "."+filepath.Base(r.real)+"-*")
	if err != nil {
		return r, fmt.Errorf("%s cannot be written: %w", c.Path, err)
	}
	r.temp = f.Name()
	_, err = f.WriteString(c.New)
	if err == nil {
		err = f.Chmod(r.mode)
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = r.unchanged()
	}
	if err != nil {
		_ = os.Remove(r.temp)
	}
	return r, err
}

func (r *replacement) unchanged() error {
	text, err := readText(r.real)
	if err == nil && text != r.Old {
		err = fmt.Errorf("%s %w", r.Path, ErrChanged)
	}
	return err
}

func (r *replacement) put() error {
	if err := r.unchanged(); err != nil {
		return err
	}
	return os.Rename(r.temp, r.real)
}

// putBack undoes replacements that were made.
func putBack(done []replacement) error {
	var errs []error
	for _, r := range done {
		errs = append(errs, os.WriteFile(r.real, []byte(r.Old), r.mode))
	}
	return errors.Join(errs...)
}

// diffOf is a change as patch -p1 and git apply understand it in the working
// folder; a file outside of that has its whole path.
func diffOf(c Change) string {
	from, to := c.Path, c.Path
	if dir, err := os.Getwd(); err == nil {
		if rel, err := filepath.Rel(dir, c.Path); err == nil && filepath.IsLocal(rel) {
			from, to = "a/"+filepath.ToSlash(rel), "b/"+filepath.ToSlash(rel)
		}
	}
	text := string(diff.Diff(from, []byte(c.Old), to, []byte(c.New)))
	_, text, _ = strings.Cut(text, "\n") // diff from to
	return text
}
