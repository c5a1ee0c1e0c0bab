package kernel

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Image is a built kernel.
type Image struct {
	Name    string `json:"name"`    // "6.12", or what --name said
	Series  string `json:"series"`  // the series whose patches it was built with
	Release string `json:"release"` // "6.12.95": what uname -r says
	// Path is the executable: an ELF file for x86-64 with a .BTF section.
	Path string `json:"path"`

	Built    time.Time `json:"built"`
	Source   string    `json:"source"`            // "linux-source-6.12 6.12.95-1", or the user's folder or tarball
	Version  string    `json:"version,omitempty"` // what an own tree's Makefile says: "6.14.0-rc3"
	Compiler string    `json:"compiler"`          // first line of gcc --version
	Pahole   string    `json:"pahole"`            // pahole --version
	Size     int64     `json:"size"`              // bytes

	// Stale says that this program would build the kernel differently, and
	// StaleReason why. Such an image still runs.
	Stale       bool   `json:"stale"`
	StaleReason string `json:"stale_reason,omitempty"`

	Key      string `json:"key"`       // identifies source, patches, fragments and tools
	Recipe   string `json:"recipe"`    // identifies patches and fragments of the series
	SourceID string `json:"source_id"` // identifies the source's content
	Objects  int    `json:"objects"`   // files that the build compiled
}

// ByPath says whether a kernel is known by its path alone, and none of those that were
// built here.
func (img Image) ByPath() bool { return strings.ContainsRune(img.Name, filepath.Separator) }

// NotBuiltError says that there is no kernel of that name yet.
type NotBuiltError struct{ Name string }

func (e NotBuiltError) Error() string {
	switch {
	case e.Name == Newest:
		return "no kernel is built; build one once with `bpfdiag kernel build` (about 5 minutes)"
	case isSeries(e.Name):
		return fmt.Sprintf("kernel %s is not built; build it once with `bpfdiag kernel build %s` (about 5 minutes)", e.Name, e.Name)
	}
	return fmt.Sprintf("kernel %s is not built; `bpfdiag kernel list` shows those that are, "+
		"and `bpfdiag kernel build --source DIR --name %s` builds it from a tree of your own", e.Name, e.Name)
}

// CacheDir is the folder that holds all of bpfdiag's kernels: $BPFDIAG_CACHE,
// or bpfdiag in the user's cache folder.
func CacheDir() (string, error) {
	if dir := os.Getenv("BPFDIAG_CACHE"); dir != "" {
		return filepath.Abs(dir)
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("no folder for kernels: %w (or set BPFDIAG_CACHE)", err)
	}
	return filepath.Join(dir, "bpfdiag"), nil
}

// Find returns the kernel of that name: a series, the name of an own build,
// [Newest] for the newest series that is built, "" for [Default], or the path
// of an image file. The error is a [NotBuiltError] when there is none. Find
// reads one small file and runs nothing.
func Find(name string) (Image, error) {
	if name == "" {
		name = Default
	}
	if strings.ContainsAny(name, "/"+string(filepath.Separator)) {
		return imageAt(name)
	}
	cache, err := CacheDir()
	if err != nil {
		return Image{}, err
	}
	if name != Newest {
		return readImage(cache, name)
	}
	entries, err := os.ReadDir(filepath.Join(cache, "kernels"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return Image{}, err
	}
	newest := ""
	for _, e := range entries {
		if isSeries(e.Name()) && (newest == "" || compareSeries(e.Name(), newest) > 0) {
			newest = e.Name()
		}
	}
	if newest == "" {
		return Image{}, NotBuiltError{Newest}
	}
	return readImage(cache, newest)
}

// List returns all kernels that are built: the series, oldest first, then own
// builds by name. Damaged ones are left out; Find says what is wrong with them.
func List() ([]Image, error) {
	cache, err := CacheDir()
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(filepath.Join(cache, "kernels"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	images := []Image{}
	for _, e := range entries {
		if img, err := readImage(cache, e.Name()); err == nil {
			images = append(images, img)
		}
	}
	slices.SortFunc(images, func(a, b Image) int {
		switch aSeries, bSeries := isSeries(a.Name), isSeries(b.Name); {
		case aSeries && bSeries:
			return compareSeries(a.Name, b.Name)
		case aSeries != bSeries:
			if aSeries {
				return -1
			}
			return 1
		}
		return strings.Compare(a.Name, b.Name)
	})
	return images, nil
}

// imageFolder is where the kernel of that name is published.
func imageFolder(cache, name string) string { return filepath.Join(cache, "kernels", name) }

// checkName refuses names that could leave the cache's folders or that mean
// something else.
func checkName(name string) error {
	const allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._+-"
	switch {
	case name == "" || strings.Trim(name, allowed) != "" || strings.ContainsAny(name[:1], "._+-"):
		return fmt.Errorf("kernel name %q: letters, digits and . _ + - only, beginning with a letter or digit", name)
	case name == Newest || name == "all":
		return fmt.Errorf("kernel name %q has a meaning of its own; choose another", name)
	}
	return nil
}

// readImage reads what is published under a name.
func readImage(cache, name string) (Image, error) {
	if err := checkName(name); err != nil {
		return Image{}, err
	}
	folder := imageFolder(cache, name)
	text, err := os.ReadFile(filepath.Join(folder, "image.json"))
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Stat(folder); err != nil {
			return Image{}, NotBuiltError{name}
		}
	}
	var img Image
	if err == nil {
		err = json.Unmarshal(text, &img)
	}
	if err == nil {
		img.Path = filepath.Join(folder, "linux")
		err = sameFile(img)
	}
	if err != nil {
		return Image{}, fmt.Errorf("kernel %s is damaged (%w); build it again with `bpfdiag kernel remove %s` and `bpfdiag kernel build`", name, err, name)
	}
	img.Stale, img.StaleReason = stale(img)
	return img, nil
}

// sameFile checks cheaply that the executable is the one that was published.
func sameFile(img Image) error {
	info, err := os.Stat(img.Path)
	switch {
	case err != nil:
		return err
	case info.Size() != img.Size:
		return fmt.Errorf("%s has %d bytes, not %d", img.Path, info.Size(), img.Size)
	}
	f, err := os.Open(img.Path)
	if err != nil {
		return err
	}
	defer f.Close()
	magic := make([]byte, 4)
	if _, err := f.Read(magic); err != nil || string(magic) != "\x7fELF" {
		return fmt.Errorf("%s is not an ELF file", img.Path)
	}
	return nil
}

// stale compares the patches and fragments that an image was built with to
// those of this program. The source and the compiler are left to Build, which
// has the time to ask.
func stale(img Image) (bool, string) {
	r, err := recipeFor(img.Series)
	switch {
	case err != nil || len(r.patches) == 0:
		return true, fmt.Sprintf("this bpfdiag has no patches for %s", img.Series)
	case r.hash() != img.Recipe:
		return true, "bpfdiag's patches or configuration have changed since it was built"
	}
	return false, ""
}
