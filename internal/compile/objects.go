package compile

import (
	"path/filepath"
	"slices"
	"strings"
)

// Objects lists the BPF objects that the line makes from whatever it compiles
// or assembles, relative to the folder where it runs; none where it makes
// something else, or writes to the standard output.
func (l *Line) Objects() []string {
	if !l.BPF() || l.Mode != Object || l.Bitcode || l.Output == "-" {
		return nil
	}
	var all []string
	for _, in := range l.Inputs {
		if in.Language == "" && slices.Contains([]string{".o", ".a", ".so", ".h"}, filepath.Ext(in.Path)) {
			continue // for the linker, which is not run; a precompiled header
		}
		object := l.Output
		if object == "" {
			object = strings.TrimSuffix(filepath.Base(in.Path), filepath.Ext(in.Path)) + ".o"
		}
		if !slices.Contains(all, object) {
			all = append(all, object)
		}
	}
	return all
}

// Option returns the last of the named options in the line, empty if it has none.
func (l *Line) Option(names ...string) string {
	last := ""
	scan(l.Args, func(o option) {
		if o.is(names...) {
			last = o.words[0]
		}
	})
	return last
}
