package kernel

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

//go:embed patches config
var embedded embed.FS

// recipeFiles holds patches/SERIES/*.patch, config/base.config and
// config/SERIES.config; tests put their own here.
var recipeFiles fs.FS = embedded

// procedure counts changes to how a kernel is built (make's arguments, what
// is stripped). Raising it makes every image that was built before stale.
const procedure = "1"

// recipe is all that this program brings to a kernel of one series.
type recipe struct {
	series  string
	patches []patchFile
	texts   []fragmentText
}

type patchFile struct {
	name string // "0003-verify-only-jit.patch"
	text []byte
}

type fragmentText struct{ file, text string }

// patchSets lists the series that have patches, oldest first.
func patchSets() ([]string, error) {
	entries, err := fs.ReadDir(recipeFiles, "patches")
	if err != nil {
		return nil, err
	}
	var sets []string
	for _, e := range entries {
		if e.IsDir() && isSeries(e.Name()) {
			sets = append(sets, e.Name())
		}
	}
	if len(sets) == 0 {
		return nil, fmt.Errorf("this program was built without kernel patches")
	}
	slices.SortFunc(sets, compareSeries)
	return sets, nil
}

// recipeFor reads the patches, in the order of their names, and the fragments
// of a series. A series may do without a fragment of its own.
func recipeFor(series string) (*recipe, error) {
	r := &recipe{series: series}
	names, err := fs.Glob(recipeFiles, path.Join("patches", series, "*.patch"))
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		text, err := fs.ReadFile(recipeFiles, name)
		if err != nil {
			return nil, err
		}
		r.patches = append(r.patches, patchFile{path.Base(name), text})
	}
	for _, name := range []string{"base", series} {
		file := "config/" + name + ".config"
		text, err := fs.ReadFile(recipeFiles, file)
		if err != nil {
			if name == series {
				continue
			}
			return nil, err
		}
		r.texts = append(r.texts, fragmentText{file, string(text)})
	}
	return r, nil
}

// fragment merges the recipe's fragments, and the user's own on top.
func (r *recipe) fragment(own *fragmentText) (*fragment, error) {
	f := &fragment{}
	texts := r.texts
	if own != nil {
		texts = append(slices.Clone(texts), *own)
	}
	for _, t := range texts {
		if err := f.add(t.file, t.text); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// patchHash identifies the patches alone.
func (r *recipe) patchHash() string {
	parts := []string{"patches"}
	for _, p := range r.patches {
		parts = append(parts, p.name, string(p.text))
	}
	return hashOf(parts...)
}

// hash identifies the recipe. Find compares it with an image's, so it covers
// only what this program itself holds.
func (r *recipe) hash() string {
	parts := []string{procedure, r.series, r.patchHash()}
	for _, t := range r.texts {
		parts = append(parts, t.file, t.text)
	}
	return hashOf(parts...)
}

// hashOf hashes the parts with their lengths, so that no two lists of parts
// run together to the same bytes.
func hashOf(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(h, "%d\n", len(p))
		h.Write([]byte(p))
	}
	return hex.EncodeToString(h.Sum(nil))
}

// key identifies a kernel: everything that decides which bytes come out.
func (r *recipe) key(source, ownConfig string, t toolchain) string {
	return hashOf(r.hash(), source, ownConfig, t.Compiler, t.Pahole)
}

// describePatchSet says, for a tree of another series, whose patches it gets.
func describePatchSet(tree, set string) string {
	if tree == set {
		return ""
	}
	return strings.TrimSpace(fmt.Sprintf("there are no patches for %s; using those of %s, which may not fit", tree, set))
}
