package compile

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/bpfdiag/bpfdiag/internal/config"
)

// Finder finds the commands that compile a source. It keeps what it has read
// until the files change. It may be used by several goroutines. The zero value is
// ready.
type Finder struct {
	mu        sync.Mutex
	databases map[string]*cachedDatabase
	includers map[string]map[string]bool // sources by the headers that they include
	compiler  string
}

type cachedDatabase struct {
	*database
	err  error
	size int64
	time time.Time
}

// Commands lists the commands that compile a source to BPF objects, or for a
// header the sources that are known to include it. Of these places the first
// counts that has any:
//
//  1. a compile_commands.json of the source's folder, those above it, or their
//     build folders (or the one that .bpfdiag.toml names),
//  2. the command in .bpfdiag.toml, for a source that looks like BPF,
//  3. clang with the usual options and the include folders that are found
//     (DefaultCommand), for a source that looks like BPF.
//
// None at all is no error: the source is not for BPF, or is a header that nothing is
// known to include. An error names the file that cannot be understood.
func (f *Finder) Commands(source string) ([]Command, error) {
	source, err := filepath.Abs(source)
	if err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if isHeader(source) {
		return f.ofHeader(source)
	}
	return f.ofSource(source)
}

func (f *Finder) ofSource(source string) ([]Command, error) {
	conf, err := config.Find(filepath.Dir(source))
	if err != nil {
		return nil, err
	}
	dbs, err := f.databasesFor(source, conf)
	if err != nil {
		return nil, err
	}
	for _, db := range dbs {
		if all := db.of(source); len(all) > 0 {
			return all, nil
		}
	}
	for _, db := range dbs {
		if db.others[source] {
			return nil, nil
		}
	}
	if !looksLikeBPF(source) {
		return nil, nil
	}
	if conf != nil && conf.Compile.Command != "" {
		return ofTemplate(source, conf)
	}
	return []Command{f.defaultCommand(source, conf)}, nil
}

// databasesFor reads the databases that a source may be in, nearest first.
func (f *Finder) databasesFor(source string, conf *config.Config) ([]*database, error) {
	var paths []string
	switch {
	case conf == nil || conf.Compile.Database == "":
		paths = findDatabases(filepath.Dir(source))
	case conf.Compile.Database != config.NoDatabase:
		paths = []string{conf.Compile.Database}
	}
	var all []*database
	for _, p := range paths {
		db, err := f.database(p)
		if err != nil {
			return nil, err
		}
		all = append(all, db)
	}
	return all, nil
}

// Database lists the commands of a compile_commands.json that make BPF objects,
// in the order of their sources.
func (f *Finder) Database(path string) ([]Command, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	db, err := f.database(path)
	if err != nil {
		return nil, err
	}
	var all []Command
	for _, source := range slices.Sorted(maps.Keys(db.commands)) {
		all = append(all, db.commands[source]...)
	}
	return all, nil
}

func (f *Finder) database(path string) (*database, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	c := f.databases[path]
	if c == nil || c.size != info.Size() || !c.time.Equal(info.ModTime()) {
		c = &cachedDatabase{size: info.Size(), time: info.ModTime()}
		c.database, c.err = readDatabase(path)
		if f.databases == nil {
			f.databases = map[string]*cachedDatabase{}
		}
		f.databases[path] = c
	}
	return c.database, c.err
}

// of finds a source's commands, whichever way its path is written.
func (db *database) of(source string) []Command {
	if all := db.commands[source]; len(all) > 0 {
		return all
	}
	info, err := os.Stat(source)
	if err != nil {
		return nil
	}
	for other, all := range db.commands {
		if filepath.Base(other) != filepath.Base(source) {
			continue
		}
		if i, err := os.Stat(other); err == nil && os.SameFile(info, i) {
			return all
		}
	}
	return nil
}

// ofTemplate is the command of .bpfdiag.toml for a source.
func ofTemplate(source string, conf *config.Config) ([]Command, error) {
	c, err := Template(conf.Compile.Command, source, "", conf.Dir())
	if err != nil {
		return nil, fmt.Errorf("%s: compile.command: %w", conf.Path, err)
	}
	c.From = conf.Path
	return []Command{c}, nil
}

func isHeader(path string) bool {
	switch filepath.Ext(path) {
	case ".h", ".hh", ".hpp", ".hxx", ".inc", ".inl":
		return true
	}
	return false
}

// looksLikeBPF says whether a C file is meant for BPF: by its name, or because
// it puts something in a section as BPF programs do.
func looksLikeBPF(source string) bool {
	if filepath.Ext(source) != ".c" {
		return false
	}
	if strings.HasSuffix(source, ".bpf.c") {
		return true
	}
	text, err := readBounded(source, 8<<20)
	return err == nil && (bytes.Contains(text, []byte("bpf_helpers.h")) || bytes.Contains(text, []byte(`SEC("`)))
}

// Learn notes which files a compilation has read, so that Commands knows which
// sources include a header.
func (f *Finder) Learn(source string, files []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.learn(source, files)
}

func (f *Finder) learn(source string, files []string) {
	if f.includers == nil {
		f.includers = map[string]map[string]bool{}
	}
	for _, file := range files {
		if file == source {
			continue
		}
		if f.includers[file] == nil {
			f.includers[file] = map[string]bool{}
		}
		f.includers[file][source] = true
	}
}

// ofHeader lists the commands of the sources that include a header: those that
// were learned of, and what the builds of the databases have left beside their
// objects.
func (f *Finder) ofHeader(header string) ([]Command, error) {
	conf, err := config.Find(filepath.Dir(header))
	if err != nil {
		return nil, err
	}
	dbs, err := f.databasesFor(header, conf)
	if err != nil {
		return nil, err
	}
	for _, db := range dbs {
		for source, commands := range db.commands {
			for _, c := range commands {
				f.learn(source, c.builtFrom())
			}
		}
	}
	var sources []string
	for s := range f.includers[header] {
		sources = append(sources, s)
	}
	slices.Sort(sources)
	var all []Command
	for _, s := range sources {
		commands, err := f.ofSource(s)
		if err != nil {
			return nil, err
		}
		all = append(all, commands...)
	}
	return all, nil
}
