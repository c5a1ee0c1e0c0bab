// Package config reads .bpfdiag.toml, a project's settings:
//
//	kernels = ["6.12", "6.1"]      # to verify with; the first is the main one
//	jit = "arm64"                  # that the verifier answers for
//	source-roots = ["src"]         # folders to search for source files
//	objects = ["target/bpfel-unknown-none/*/*.o"]  # built elsewhere; globs
//
//	[compile]                      # how a source becomes an object, where no compile_commands.json says it
//	command = "clang -g -O2 --target=bpf -Iinclude -c {source} -o {output}"
//	include = ["include"]          # folders, for the command that bpfdiag makes up
//	flags = ["-DDEBUG"]            # further arguments for that command
//	database = "out/compile_commands.json"  # where it is not found; "none" for not to look for one
//
//	[cc]                           # bpfdiag cc
//	warn = true                    # a rejection does not fail the build
//	flags = ["--timeout=5m"]       # further flags
//
// Every key may be left out. Relative paths start from the file's folder, and the
// command runs there. A key that does not exist is an error.
package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

// Name is the file's name.
const Name = ".bpfdiag.toml"

const maxSize = 1 << 20

// Config is a project's settings, its paths absolute.
type Config struct {
	Path        string   `toml:"-"` // of the file
	Kernels     []string `toml:"kernels"`
	JIT         string   `toml:"jit"`
	SourceRoots []string `toml:"source-roots"`
	Objects     []string `toml:"objects"` // patterns of filepath.Match
	Compile     Compile  `toml:"compile"`
	CC          CC       `toml:"cc"`
}

// Compile says how a source becomes an object.
type Compile struct {
	Command  string   `toml:"command"` // as for a shell that expands nothing, but {source} and {output}
	Include  []string `toml:"include"`
	Flags    []string `toml:"flags"`
	Database string   `toml:"database"` // a path, or NoDatabase
}

// What Compile.Command has in place of the source and the object.
const (
	Source = "{source}"
	Output = "{output}"
)

// NoDatabase is Compile.Database where none is to be looked for.
const NoDatabase = "none"

// CC are the settings of `bpfdiag cc`.
type CC struct {
	Warn  bool     `toml:"warn"`
	Flags []string `toml:"flags"`
}

// Dir is the folder that the settings are of.
func (c *Config) Dir() string { return filepath.Dir(c.Path) }

// Find reads the settings that apply to a folder: its own, or those of the nearest
// folder above it, but not above one that everybody may write to (Public). Without
// any, the result is nil, and so is the error.
func Find(dir string) (*Config, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	for {
		path := filepath.Join(dir, Name)
		text, err := read(path)
		if err == nil {
			return Parse(path, text)
		}
		if !errors.Is(err, os.ErrNotExist) && !errors.Is(err, os.ErrPermission) {
			return nil, err
		}
		above := filepath.Dir(dir)
		if above == dir || Public(above) {
			return nil, nil
		}
		dir = above
	}
}

// Public says whether everybody may write to a folder, as to /tmp. Settings name
// commands to run, so those of strangers must not count.
func Public(dir string) bool {
	info, err := os.Stat(dir)
	return err == nil && runtime.GOOS != "windows" && info.Mode().Perm()&0o002 != 0
}

func read(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a file", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxSize+1))
}

// Parse reads settings. Its errors name the file and the line.
func Parse(path string, text []byte) (*Config, error) {
	if len(text) > maxSize {
		return nil, fmt.Errorf("%s: larger than %d bytes", path, maxSize)
	}
	c := &Config{Path: path}
	d := toml.NewDecoder(bytes.NewReader(text)).DisallowUnknownFields()
	if err := d.Decode(c); err != nil {
		return nil, explain(path, err)
	}
	if err := c.check(); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	dir := filepath.Dir(path)
	for _, list := range [][]string{c.SourceRoots, c.Objects, c.Compile.Include} {
		for i, p := range list {
			list[i] = abs(dir, p)
		}
	}
	if db := &c.Compile.Database; *db != "" && *db != NoDatabase {
		*db = abs(dir, *db)
	}
	return c, nil
}

func abs(dir, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}

// check says what is wrong with the values.
func (c *Config) check() error {
	for _, p := range c.Objects {
		if _, err := filepath.Match(p, ""); err != nil {
			return fmt.Errorf("objects: %q: %w", p, err)
		}
	}
	if command := c.Compile.Command; command != "" {
		switch {
		case !strings.Contains(command, Source):
			return fmt.Errorf("compile.command: it lacks %s, the file to compile", Source)
		case !strings.Contains(command, Output):
			return fmt.Errorf("compile.command: it lacks %s, the object to make (-o %[1]s)", Output)
		}
	}
	return nil
}

// explain names the place of an error. Of unknown keys, what is most often
// wrong, it names all.
func explain(path string, err error) error {
	var unknown *toml.StrictMissingError
	if errors.As(err, &unknown) {
		var all []error
		for _, e := range unknown.Errors {
			row, _ := e.Position()
			all = append(all, fmt.Errorf("%s:%d: there is no setting %q; those that exist: %s", path, row, strings.Join(e.Key(), "."), settings))
		}
		return errors.Join(all...)
	}
	var bad *toml.DecodeError
	if errors.As(err, &bad) {
		row, column := bad.Position()
		return fmt.Errorf("%s:%d:%d: %s", path, row, column, strings.TrimPrefix(bad.Error(), "toml: "))
	}
	return fmt.Errorf("%s: %w", path, err)
}

const settings = "kernels, jit, source-roots, objects, compile.command, compile.include, compile.flags, compile.database, cc.warn, cc.flags"
