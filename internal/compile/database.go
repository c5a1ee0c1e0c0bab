package compile

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/bpfdiag/bpfdiag/internal/config"
)

// maxDatabase bounds compile_commands.json. The Linux kernel's has 15 MB.
const maxDatabase = 256 << 20

// entry is one of a compilation database, as clang's JSON Compilation Database
// Format Specification has it.
type entry struct {
	Directory string   `json:"directory"`
	File      string   `json:"file"`
	Command   string   `json:"command"`
	Arguments []string `json:"arguments"`
	Output    string   `json:"output"`
}

// database is a compile_commands.json.
type database struct {
	path     string
	commands map[string][]Command // by source, those that make BPF objects
	others   map[string]bool      // sources that are compiled for something else
}

// readDatabase reads a compile_commands.json. An entry that cannot be
// understood is left out, for a single one must not cost all the others.
func readDatabase(path string) (*database, error) {
	text, err := readBounded(path, maxDatabase)
	if err != nil {
		return nil, err
	}
	return parseDatabase(path, text)
}

func parseDatabase(path string, text []byte) (*database, error) {
	var entries []entry
	if err := json.Unmarshal(text, &entries); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	db := &database{path: path, commands: map[string][]Command{}, others: map[string]bool{}}
	for _, e := range entries {
		args := e.Arguments
		if len(args) == 0 {
			args = SplitWords(e.Command)
		}
		dir := abs(filepath.Dir(path), e.Directory)
		line, err := ParseLine(args, dir)
		if err != nil || e.File == "" {
			continue
		}
		source := abs(dir, e.File)
		if !line.BPF() {
			db.others[source] = true
			continue
		}
		for _, c := range line.Commands(dir, path) {
			if e.Output != "" && line.Output == "" {
				c.Output = abs(dir, e.Output)
			}
			// A line may have several inputs, and each its entry.
			if c.Source == source {
				db.commands[source] = append(db.commands[source], c)
			}
		}
	}
	return db, nil
}

// databaseNames are where a folder may have its compilation database: its own,
// and those of its usual build folders.
var databaseNames = []string{"compile_commands.json", "build/compile_commands.json", "builddir/compile_commands.json",
	"out/compile_commands.json", ".output/compile_commands.json"}

// findDatabases lists the databases that a file in dir may be in, nearest first.
func findDatabases(dir string) []string {
	var all []string
	for d := range upward(dir) {
		for _, name := range databaseNames {
			if p := filepath.Join(d, name); isFile(p) {
				all = append(all, p)
			}
		}
	}
	return all
}

// upward yields a folder and those above it, up to one that everybody may write
// to, such as /tmp: what lies there is no part of a project.
func upward(dir string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for dir = filepath.Clean(dir); yield(dir); {
			above := filepath.Dir(dir)
			if above == dir || config.Public(above) {
				return
			}
			dir = above
		}
	}
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}
