package compile

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/bpfdiag/bpfdiag/internal/config"
)

// Template is the command that somebody has written for a source: as for a shell
// that expands nothing, run in dir, with {source} and {output} in place of paths. A
// command that names no source compiles the one that is given, one that names its
// source itself needs none. An empty output is the source's name with .o.
func Template(text, source, output, dir string) (Command, error) {
	words := SplitWords(text)
	if source == "" && strings.Contains(text, config.Source) {
		return Command{}, fmt.Errorf("%s: which source is meant is not known; name it in place of %s", text, config.Source)
	}
	if output == "" && source != "" {
		output = strings.TrimSuffix(source, filepath.Ext(source)) + ".o"
	}
	replace := strings.NewReplacer(config.Source, source, config.Output, output)
	for i := range words {
		words[i] = replace.Replace(words[i])
	}
	line, err := ParseLine(words, dir)
	if err != nil {
		return Command{}, fmt.Errorf("%s: %w", text, err)
	}
	c := Command{Dir: dir, Args: append([]string{line.Compiler}, line.Args...), Source: source, Output: output, From: CommandLine}
	var inputs []string
	for _, in := range line.Inputs {
		if in.isSource() {
			inputs = append(inputs, abs(dir, in.Path))
		}
	}
	switch {
	case len(inputs) == 0 && source == "":
		return Command{}, fmt.Errorf("%s: %w", text, errNoSource)
	case len(inputs) == 0:
		c.Args = append(c.Args, source)
	case len(inputs) > 1:
		return Command{}, fmt.Errorf("%s: it compiles more than one source", text)
	case source != "" && inputs[0] != source && !sameFile(inputs[0], source):
		return Command{}, fmt.Errorf("%s: it compiles %s, not %s; write %s for the source", text, inputs[0], source, config.Source)
	case source == "":
		c.Source = inputs[0]
	}
	if line.Mode < Object {
		c.Args = append(c.Args, "-c")
	}
	if c.Output == "" {
		c.Output = strings.TrimSuffix(c.Source, filepath.Ext(c.Source)) + ".o"
	}
	return c, nil
}

var errNoSource = errors.New("the command names no source")
