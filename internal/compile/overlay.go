package compile

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// ErrOverlay is a compiler that cannot be given edited copies of headers.
var ErrOverlay = errors.New("GCC cannot compile with edited headers that are not saved; clang can")

// overlaid completes the arguments of a compilation, and makes its standard
// input, so that the compiler sees the texts of the overlay.
func (j *job) overlaid(args []string) ([]string, io.Reader, error) {
	if len(j.overlay) == 0 {
		return args, nil, nil
	}
	total := 0
	for _, text := range j.overlay {
		if total += len(text); total > maxOverlaid {
			return nil, nil, fmt.Errorf("the edited files are larger than %d MiB", maxOverlaid>>20)
		}
	}
	// Clang looks for its input on the disk before it looks into overlays.
	if _, err := os.Stat(j.cmd.Source); j.line.IsGCC() || err != nil {
		return j.fromInput(args)
	}
	path, err := j.writeOverlay()
	return append(args, "-ivfsoverlay", path), nil, err
}

// vfsFile is a file of LLVM's RedirectingFileSystem.
type vfsFile struct {
	Name     string `json:"name"`
	Type     string `json:"type"`
	Contents string `json:"external-contents"`
}

// writeOverlay writes clang's description of a file system in which the texts
// stand in for the files. With use-external-names off, clang never mentions where
// the texts really are.
func (j *job) writeOverlay() (string, error) {
	var roots []vfsFile
	for i, path := range j.overlaidPaths() {
		copy := filepath.Join(j.result.folder, "text"+strconv.Itoa(i))
		if err := os.WriteFile(copy, []byte(j.overlay[path]), 0o600); err != nil {
			return "", err
		}
		roots = append(roots, vfsFile{filepath.ToSlash(path), "file", filepath.ToSlash(copy)})
	}
	text, err := json.Marshal(map[string]any{"version": 0, "use-external-names": false, "roots": roots})
	if err != nil {
		return "", err
	}
	path := filepath.Join(j.result.folder, "overlay.json")
	return path, os.WriteFile(path, text, 0o600)
}

func (j *job) overlaidPaths() []string {
	var paths []string
	for p := range j.overlay {
		paths = append(paths, p)
	}
	slices.Sort(paths)
	return paths
}

// otherNames adds the names under which the compiler most likely opens the
// files of the overlay: the one in the command, and the one without links.
func (j *job) otherNames() {
	for _, p := range j.overlaidPaths() {
		if sameFile(p, j.cmd.Source) {
			j.overlay[j.cmd.Source] = j.overlay[p]
		}
		if real, err := filepath.EvalSymlinks(p); err == nil && real != p {
			if _, ok := j.overlay[real]; !ok {
				j.overlay[real] = j.overlay[p]
			}
		}
	}
}

// missed finds files of the overlay that the compiler has read under another
// name, through a symbolic link for example, and adds those names.
func (j *job) missed() bool {
	if len(j.overlay) == 0 || j.line.IsGCC() {
		return false
	}
	names := map[string][]string{} // by base name: a link to a file mostly has it too
	for p := range j.overlay {
		names[filepath.Base(p)] = append(names[filepath.Base(p)], p)
	}
	added := false
	for _, f := range j.result.Files {
		if _, ok := j.overlay[f]; ok {
			continue
		}
		for _, p := range names[filepath.Base(f)] {
			if sameFile(f, p) {
				j.overlay[f] = j.overlay[p]
				added = true
			}
		}
	}
	return added
}

func sameFile(a, b string) bool {
	i, err := os.Stat(a)
	if err != nil {
		return false
	}
	k, err := os.Stat(b)
	return err == nil && os.SameFile(i, k)
}

// fromInput gives the source on the standard input: to GCC, which knows no overlays, and
// to any compiler where the source is no file yet. A line marker says what it is called,
// and the folder that its own includes start from has to be named.
func (j *job) fromInput(args []string) ([]string, io.Reader, error) {
	text, ok := "", false
	for p := range j.overlay {
		if p != j.cmd.Source && !sameFile(p, j.cmd.Source) {
			return nil, nil, fmt.Errorf("%s: %w", p, ErrOverlay)
		}
		text, ok = j.overlay[p], true
	}
	if !ok {
		return args, nil, nil
	}
	var in Input
	var out []string
	scan(args, func(o option) {
		switch {
		case o.input && abs(j.cmd.Dir, o.value) == j.cmd.Source:
			in.Path = o.value
			return
		case o.is("-x", "--language"):
			in.Language = o.value
			return
		}
		out = append(out, o.words...)
	})
	if in.Path == "" {
		return nil, nil, fmt.Errorf("the command does not compile %s", j.cmd.Source)
	}
	language := in.Language
	if language == "" || language == "none" {
		language = "c"
	}
	out = append(out, "-iquote", filepath.Dir(j.cmd.Source), "-x", language, "-")
	return out, strings.NewReader("# 1 " + strconv.Quote(in.Path) + "\n" + text), nil
}
