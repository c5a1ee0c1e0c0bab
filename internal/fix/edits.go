package fix

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
)

// errNothing is a help whose edits are made already.
var errNothing = errors.New("the edits change nothing")

// edited makes edits in a version's texts. A file outside of the project is not
// edited, nor one that others own.
func (p *Prover) edited(v *Version, edits []diag.Edit) (map[string]string, error) {
	texts := maps.Clone(v.Texts)
	if texts == nil {
		texts = map[string]string{}
	}
	done := map[string]bool{}
	changed := false
	for _, e := range edits {
		if done[e.File] {
			continue
		}
		done[e.File] = true
		path, err := p.editable(e.File)
		if err != nil {
			return nil, err
		}
		text, ok := texts[path]
		if !ok {
			if text, err = p.read(path); err != nil {
				return nil, err
			}
		}
		after, err := diag.Apply(e.File, text, edits)
		if err != nil {
			return nil, err
		}
		changed = changed || after != text
		texts[path] = after
	}
	if !changed {
		return nil, errNothing
	}
	return texts, nil
}

// editable returns the absolute path of a file that edits may be made in: one of the
// source's repository, or its folder where there is none.
func (p *Prover) editable(file string) (string, error) {
	path, err := filepath.Abs(file)
	if err != nil {
		return "", err
	}
	if same(path, p.Command.Source) {
		return p.Command.Source, nil
	}
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return "", err
	}
	root := project(p.Command.Source)
	rel, err := filepath.Rel(root, real)
	if err != nil || !filepath.IsLocal(rel) {
		return "", fmt.Errorf("%s is not edited: it is outside of %s", file, root)
	}
	if notOwn[filepath.Base(real)] || strings.HasPrefix(rel, ".git"+string(filepath.Separator)) {
		return "", fmt.Errorf("%s is not edited: it is made by others", file)
	}
	return path, nil
}

// notOwn are headers that many repositories have a copy of, which the next update
// would overwrite.
var notOwn = map[string]bool{
	"vmlinux.h": true, "bpf_helpers.h": true, "bpf_helper_defs.h": true, "bpf_tracing.h": true, "bpf_core_read.h": true,
	"bpf_endian.h": true, "usdt.bpf.h": true, "bpf.h": true, "btf.h": true,
}

// project is the folder that a source's own files are in: its repository, or else the
// folder that it is in. Somebody's home is no project, be it under git.
func project(source string) string {
	dir := filepath.Dir(source)
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		dir = real
	}
	home, _ := os.UserHomeDir()
	for d := dir; d != home && d != filepath.Dir(d); d = filepath.Dir(d) {
		if _, err := os.Stat(filepath.Join(d, ".git")); err == nil {
			return d
		}
	}
	return dir
}

func same(a, b string) bool {
	if a == b {
		return true
	}
	i, err := os.Stat(a)
	if err != nil {
		return false
	}
	k, err := os.Stat(b)
	return err == nil && os.SameFile(i, k)
}

func (p *Prover) read(path string) (string, error) {
	if p.files != nil {
		return p.files.read(path)
	}
	return p.own.read(path)
}
