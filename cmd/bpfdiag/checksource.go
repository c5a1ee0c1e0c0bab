package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/compile"
	"github.com/bpfdiag/bpfdiag/internal/fix"
)

// compiled are the arguments of `check`, sources among them replaced by objects
// in private folders.
type compiled struct {
	paths   []string        // to check
	made    map[string]made // by such an object
	failed  []diag.Object   // those that do not compile
	results []*compile.Result

	finder      compile.Finder
	commandLine string // of --compile
}

// made is how an object in a private folder was made.
type made struct {
	source  string // as the user would write it
	command compile.Command
}

func (c *compiled) Close() {
	for _, r := range c.results {
		r.Close()
	}
}

// isSource says whether an argument of `check` has to be compiled: a C file, or
// a list of them.
func isSource(path string) bool {
	return filepath.Ext(path) == ".c" || filepath.Base(path) == "compile_commands.json"
}

// compileSources compiles the sources among paths as the project does, or as the command
// line says if there is one, and passes on what the compiler says of those that it does
// not take. Texts stand in for files, by absolute path; nil for none.
func compileSources(ctx context.Context, paths []string, commandLine string, texts map[string]string, errOut io.Writer) (*compiled, error) {
	out := &compiled{made: map[string]made{}, commandLine: commandLine}
	if !slices.ContainsFunc(paths, isSource) {
		out.paths = paths
		return out, nil
	}
	type job struct {
		path    string // as it was given, or found in the list
		command *compile.Command
		result  *compile.Result
		err     error
	}
	var jobs []*job
	for _, p := range paths {
		if !isSource(p) {
			jobs = append(jobs, &job{path: p})
			continue
		}
		commands, err := commandsOf(&out.finder, p, commandLine)
		if err != nil {
			return nil, err
		}
		for _, c := range commands {
			jobs = append(jobs, &job{path: shown(p, c.Source), command: &c})
		}
	}
	var wg sync.WaitGroup
	slots := make(chan bool, runtime.NumCPU())
	for _, j := range jobs {
		if j.command != nil {
			wg.Go(func() {
				slots <- true
				defer func() { <-slots }()
				j.result, j.err = compile.Run(ctx, *j.command, texts)
			})
		}
	}
	wg.Wait()
	for _, j := range jobs {
		if j.result != nil {
			out.results = append(out.results, j.result)
		}
	}
	for _, j := range jobs {
		switch {
		case j.command == nil:
			out.paths = append(out.paths, j.path)
		case j.err != nil:
			out.Close()
			return nil, j.err
		case j.result.Object == "":
			said := explainCompiler(j.result.Stderr, j.command.Dir, j.command.Source, diag.Text{Sources: diag.NewSources().Overlay(texts), Pages: pages})
			if _, err := io.WriteString(errOut, said); err != nil {
				out.Close()
				return nil, err
			}
			out.failed = append(out.failed, diag.Object{Path: j.path, Programs: []diag.Program{},
				Error: fmt.Sprintf("does not compile: %s", strings.Join(j.command.Args, " "))})
		default:
			out.paths = append(out.paths, j.result.Object)
			out.made[j.result.Object] = made{j.path, *j.command}
		}
	}
	return out, nil
}

// commandsOf are the commands that compile a source, or all those of a list.
func commandsOf(f *compile.Finder, path, commandLine string) ([]compile.Command, error) {
	if filepath.Ext(path) != ".c" {
		return f.Database(path)
	}
	if commandLine != "" {
		g, err := fix.Find(f, path, commandLine)
		if err != nil {
			err = fmt.Errorf("%s: %w", path, err)
		}
		return []compile.Command{g.Command}, err
	}
	commands, err := f.Commands(path)
	if err == nil && len(commands) == 0 {
		err = fmt.Errorf("%s is not for BPF, as far as is known: nothing compiles it for --target=bpf, its name does not end in .bpf.c, and no function in it has a SEC()", path)
	}
	return commands, err
}

// shown is the path of a source as the user writes paths.
func shown(given, source string) string {
	if filepath.Ext(given) == ".c" {
		return given
	}
	if wd, err := os.Getwd(); err == nil {
		if rel, err := filepath.Rel(wd, source); err == nil && filepath.IsLocal(rel) {
			return rel
		}
	}
	return source
}
