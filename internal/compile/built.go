package compile

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/bpfdiag/bpfdiag/internal/debuginfo"
	"github.com/bpfdiag/bpfdiag/internal/object"
)

// builtFrom lists the files that the command has read when it last ran, as far
// as it has left word of them: a dependency file, or the debug information of the
// object.
func (c *Command) builtFrom() []string {
	stem := strings.TrimSuffix(c.Output, filepath.Ext(c.Output))
	paths := []string{stem + ".d", c.Output + ".d"}
	scan(c.Args[1:], func(o option) {
		if o.is("-MF") {
			paths = slices.Insert(paths, 0, c.Abs(o.value))
		}
	})
	for _, p := range paths {
		if files, err := readDependencies(p, c.Dir); err == nil && len(files) > 0 {
			return files
		}
	}
	obj, err := object.Open(c.Output)
	if err != nil {
		return nil
	}
	var files []string
	for _, u := range debuginfo.Units(obj) {
		for _, file := range u.Files {
			files = append(files, c.Abs(file))
		}
	}
	return files
}

// OfObject lists the commands that an object was made by, one for each source
// that is part of it: the recorded command line of each (clang's
// -grecord-command-line), else what Commands knows of its source, preferring
// the command whose output is this object. It is empty where the object has no
// DWARF, or its sources are not C.
func (f *Finder) OfObject(path string) ([]Command, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	obj, err := object.Open(path)
	if err != nil {
		return nil, err
	}
	var all []Command
	for _, u := range debuginfo.Units(obj) {
		if u.Rust || u.Name == "" || !filepath.IsAbs(u.Dir) && !filepath.IsAbs(u.Name) {
			continue
		}
		source := abs(u.Dir, u.Name)
		if c, ok := recorded(u, path); ok {
			all = append(all, c)
			continue
		}
		commands, err := f.Commands(source)
		if err != nil {
			return nil, err
		}
		if i := slices.IndexFunc(commands, func(c Command) bool { return c.Output == path }); i >= 0 {
			all = append(all, commands[i])
		} else if len(commands) > 0 {
			all = append(all, commands[0])
		}
	}
	return all, nil
}
