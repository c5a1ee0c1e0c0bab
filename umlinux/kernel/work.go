package kernel

import (
	"errors"
	"os"
	"path/filepath"
)

// workFolder is where one kernel is made. What has been done there is told by
// stamps: small files written when a step is complete, that hold what it was
// complete for. An interrupted build goes on after the last of them.
//
//	key       what is being built; another key starts the tree anew
//	fetched   the source package and the size of its tarball
//	unpacked  the source
//	patching  the patches, while they are applied
//	patched   the patches
type workFolder struct{ dir string }

func (w workFolder) tree() string          { return filepath.Join(w.dir, "tree") }
func (w workFolder) download() string      { return filepath.Join(w.dir, "download") }
func (w workFolder) scratch() string       { return filepath.Join(w.dir, "tmp") }
func (w workFolder) log() string           { return filepath.Join(w.dir, "build.log") }
func (w workFolder) stamp(s string) string { return filepath.Join(w.dir, "stamps", s) }

func (w workFolder) has(stamp, value string) bool {
	text, err := os.ReadFile(w.stamp(stamp))
	return err == nil && string(text) == value
}

// mark writes a stamp, whole or not at all.
func (w workFolder) mark(stamp, value string) error {
	path := w.stamp(stamp)
	if err := os.WriteFile(path+".new", []byte(value), 0o644); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

func (w workFolder) clear(stamps ...string) error {
	var all error
	for _, s := range stamps {
		if err := os.Remove(w.stamp(s)); err != nil && !errors.Is(err, os.ErrNotExist) {
			all = errors.Join(all, err)
		}
	}
	return all
}

// open makes the folder ready for a key. A tree that was being made for
// another key goes; a download stays, and its own stamp tells whether it serves.
func (w workFolder) open(key string) error {
	for _, dir := range []string{filepath.Dir(w.stamp("x")), w.scratch()} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
	}
	if w.has("key", key) {
		return nil
	}
	if err := w.dropTree(); err != nil {
		return err
	}
	return w.mark("key", key)
}

// dropTree removes the tree, the stamps first: half a tree must not look whole.
func (w workFolder) dropTree() error {
	if err := w.clear("key", "unpacked", "patching", "patched"); err != nil {
		return err
	}
	return errors.Join(os.RemoveAll(w.tree()), os.RemoveAll(w.tree()+".part"))
}

// exists says whether the tree is there, which decides how much room a build needs.
func (w workFolder) exists() bool {
	_, err := os.Stat(w.tree())
	return err == nil
}

// Unfinished lists the names of kernels whose build is under way or was
// interrupted. What the latter left takes up to 4 GB.
func Unfinished() ([]string, error) {
	cache, err := CacheDir()
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(filepath.Join(cache, "work"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names, nil
}
