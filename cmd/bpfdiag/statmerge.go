package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/bpfdiag/bpfdiag/internal/stat"
)

// read reads a file of rows.
func (s *statistics) read(path string) (stat.Results, error) {
	file, err := os.Open(path)
	if err != nil {
		return stat.Results{}, err
	}
	defer file.Close()
	all, err := stat.Read(file)
	if err != nil {
		return all, fmt.Errorf("%s: %w", path, err)
	}
	all.Name = path
	return all, nil
}

// named are the rows that the filters of names let pass.
func (s *statistics) named(rows []stat.Record) []stat.Record {
	kept := rows[:0]
	for _, r := range rows {
		if s.filters.Has(r.File, r.Program) {
			kept = append(kept, r)
		}
	}
	return kept
}

// replay prints the rows of files again. Of several, it joins the rows; which
// shards are missing is told, and in the exit status.
func (s *statistics) replay(paths []string) error {
	var all []stat.Results
	for _, path := range paths {
		r, err := s.read(path)
		if err != nil {
			return err
		}
		all = append(all, r)
	}
	one := all[0]
	if s.flags.merge {
		joined, missing, err := stat.Merge(all)
		if err != nil {
			return err
		}
		if one = joined; len(missing) > 0 {
			s.unusable = true
			fmt.Fprintf(s.errOut, "bpfdiag: no file has the rows of shard %s\n", strings.Join(missing, ", "))
		}
		seen := map[string]bool{}
		for _, r := range one.Rows {
			seen[r.File] = true
		}
		s.files = len(seen)
	}
	t, read := tool(), len(one.Rows)
	s.rows, s.about = s.named(one.Rows), one.About
	if s.flags.merge { // veristat counts nothing that it only reads
		s.progs, s.left = len(s.rows), read-len(s.rows)
	}
	s.about.Tool = &t
	if s.columns == nil {
		s.columns = s.defaults().Common(one.Columns)
	}
	if err := s.report(one.Columns); err != nil {
		return err
	}
	return s.usable()
}
