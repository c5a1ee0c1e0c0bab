package main

import (
	"bufio"
	"fmt"
	"os"
	"strings"

	"github.com/bpfdiag/bpfdiag/internal/object"
	"github.com/bpfdiag/bpfdiag/internal/stat"
)

// prepare reads the flags.
func (s *statistics) prepare() error {
	f := &s.flags
	if f.debug {
		f.verbose = true
	}
	switch {
	case f.verbose && f.quiet:
		return fmt.Errorf("--verbose and --quiet contradict each other")
	case f.compare && f.replay, f.merge && (f.compare || f.replay):
		return fmt.Errorf("--compare, --replay and --merge are different things; choose one")
	case f.shard != "" && (f.compare || f.replay || f.merge):
		return fmt.Errorf("--shard is for objects, not for files of rows")
	case f.baseline != "" && (f.compare || f.replay):
		return fmt.Errorf("--baseline is for objects; two files are compared by `bpfdiag stat -C BASELINE COMPARISON`")
	case f.topN < 0 || f.topLines < 0 || f.logSize < 0:
		return fmt.Errorf("--top-n, --top-src-lines and --log-size cannot be negative")
	}
	if err := oneOf("output-format", f.format, statFormats...); err != nil {
		return err
	}
	if err := f.hotFlags.check(f); err != nil {
		return err
	}
	// veristat without bpftool goes on, too.
	if f.dump != "" {
		if err := oneOf("dump", f.dump, "xlated", "jited"); err != nil {
			return err
		}
		fmt.Fprintln(s.errOut, "bpfdiag: --dump: the kernel that verifies is a guest without bpftool; `bpftool prog dump` shows programs that the running kernel has loaded")
	}
	if f.verbose && f.logLevel == 0 {
		f.logLevel = 1
	}
	if f.topLines > 0 && f.logLevel == 0 {
		f.logLevel = 2
	}
	if f.shard != "" {
		var err error
		if s.shard, err = stat.ParseShard(f.shard); err != nil {
			return fmt.Errorf("--shard: %w", err)
		}
	}
	filters, err := withLists(f.filters)
	if err != nil {
		return err
	}
	for _, text := range filters {
		if err := s.filters.Add(text); err != nil {
			return err
		}
	}
	for _, text := range f.failOn {
		if err := s.failOn.Add(strings.ReplaceAll(text, " ", "")); err != nil {
			return fmt.Errorf("--fail-on: %w", err)
		}
	}
	presets, err := withLists(f.presets)
	if err != nil {
		return err
	}
	s.presetTexts = presets
	for _, text := range presets {
		p, err := object.ParsePreset(text)
		if err != nil {
			return err
		}
		s.presets = append(s.presets, p)
	}
	if s.columns, err = stat.ParseSpec(strings.Join(f.emit, ",")); err != nil {
		return err
	}
	if s.order, err = stat.ParseSpec(strings.Join(f.sort, ",")); err != nil {
		return err
	}
	if s.order == nil {
		s.order = stat.DefaultSort()
	}
	return nil
}

// withLists replaces each @FILE by the lines of the file that are not empty and
// no comment.
func withLists(args []string) ([]string, error) {
	var all []string
	for _, a := range args {
		path, list := strings.CutPrefix(a, "@")
		if !list {
			all = append(all, a)
			continue
		}
		file, err := os.Open(path)
		if err != nil {
			return nil, fmt.Errorf("list %s: %w", path, err)
		}
		lines := bufio.NewScanner(file)
		for lines.Scan() {
			if line := strings.TrimSpace(lines.Text()); line != "" && line[0] != '#' {
				all = append(all, line)
			}
		}
		file.Close()
		if err := lines.Err(); err != nil {
			return nil, fmt.Errorf("list %s: %w", path, err)
		}
	}
	return all, nil
}
