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

// recorded is the command line that clang has put behind its name into
// DW_AT_producer. Only white space and backslashes are escaped there.
func recorded(u debuginfo.Unit, path string) (Command, bool) {
	words := unescape(u.Producer)
	start := slices.IndexFunc(words, func(w string) bool {
		return strings.HasPrefix(w, "/") && strings.Contains(filepath.Base(w), "clang")
	})
	if start < 0 || start+1 >= len(words) {
		return Command{}, false
	}
	line, err := ParseLine(words[start:], u.Dir)
	if err != nil {
		return Command{}, false
	}
	source := abs(u.Dir, u.Name)
	for _, c := range line.Commands(u.Dir, path) {
		if c.Source == source {
			return c, true
		}
	}
	return Command{}, false
}

// unescape splits text at spaces that no backslash precedes.
func unescape(s string) []string {
	var words []string
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s):
			i++
			b.WriteByte(s[i])
		case s[i] == ' ':
			words = append(words, b.String())
			b.Reset()
		default:
			b.WriteByte(s[i])
		}
	}
	return append(words, b.String())
}
